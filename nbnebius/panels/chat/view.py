"""A conversation, as widgets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets

from nbnebius.client.surrogates import mend
from nbnebius.panels.chat.entries import about, question_of, remark
from nbnebius.panels.chat.pictures import thumb
from nbnebius.panels.chat.state import ChatState
from nbnebius.panels.chat.threads import called
from nbnebius.panels.chat.turns import Turns
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import LABEL, AsCell, Enter, StatusLine, button, fold, line, row
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.transcript import Exchange, transcript_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.session.conversations import TurnRow

KEPT: Final = 50  # turns that the saved notebook shows
LINES: Final = 6  # of the box for a long question
PARAMETERS: Final = {
    "temperature": "0 is steady, 2 is wild",
    "max_tokens": "the longest answer, in tokens",
    "top_p": "sample from the likeliest part of the mass, 0 to 1",
    "seed": "a whole number, for repeatable sampling",
}


class ChatPanel(Panel):
    """A conversation with a model."""

    state: ChatState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._painting: int | None = None
        self._drafts = 0
        self._kept_rows: list[TurnRow] | None = None
        self._kept: dict[str, str] = {}
        self._turns = Turns(state)
        self._status = StatusLine(state)
        self._total = widgets.HTML()
        return [
            *self._thread_parts(),
            *self._model_parts(),
            self._turns.box,
            self._total,
            *self._question_parts(),
            AsCell(lambda: state.to_cell(self._text)).box,
        ]

    def _thread_parts(self) -> list[widgets.Widget]:
        state = self.state
        self._thread = self._list("thread", "The conversation that is gone on with", state.choose)
        self._name = line(
            "name", about="What a new thread is called", placeholder="a name, or none"
        )
        self._file = line("file", about="Where the thread is written", placeholder="talk.md")
        self._sure = button("Drop thread", self._drop, about="Take all turns out of the thread")
        return [
            row(
                self._thread,
                button("Refresh", state.refresh, about="Read the thread again: cells may go on it"),
            ),
            fold(
                "Threads: new, export, drop",
                self._name,
                row(button("New thread", self._new, about="Begin a thread of that name")),
                self._file,
                row(
                    button(
                        "Export",
                        lambda: state.export(self._file.value),
                        about="Write the thread: Markdown to .md, else JSON",
                    ),
                    self._sure,
                ),
            ),
        ]

    def _model_parts(self) -> list[widgets.Widget]:
        state = self.state
        search = line(
            "search", about="Words that narrow the list of models", placeholder="qwen 32b"
        )
        search.continuous_update = True  # nothing is paid, and no click follows
        search.observe(lambda change: state.narrow(change["new"]), "value")
        self._model = self._list("model", "The model that is asked", state.pick)
        self._model.layout.width = "auto"
        self._price = widgets.Label()
        self._system = widgets.Textarea(
            description="system", tooltip="The system prompt, from the next question on",
            continuous_update=False, rows=2, style=LABEL, layout=widgets.Layout(width="auto"),
        )  # fmt: skip
        self._system.observe(self._set_system, "value")
        boxes = []
        for name, meaning in PARAMETERS.items():
            box = line(name.replace("_", " "), about=meaning, placeholder=meaning)
            box.observe(lambda change, name=name: state.set(name, change["new"]), "value")
            boxes.append(box)
        return [
            search,
            self._model,
            self._price,
            fold("System prompt and parameters", self._system, *boxes),
        ]

    def _question_parts(self) -> list[widgets.Widget]:
        state = self.state
        self._one = line("question", about="What is asked; Enter sends it", placeholder="Ask")
        self._many = widgets.Textarea(
            description="question", tooltip="What is asked; Tab and Enter send it",
            continuous_update=False, rows=LINES, style=LABEL, layout=widgets.Layout(width="auto"),
        )  # fmt: skip
        Enter(self._one, self._send)
        self._long = widgets.ToggleButton(
            description="Several lines", tooltip="A box with lines: there, Enter begins a new one",
            layout=widgets.Layout(width="auto"),
        )  # fmt: skip
        self._long.observe(self._turn_lines, "value")
        self._sends = button("Send", self._send, about="Ask the question", style="primary")
        self._leave = button("Leave it", state.leave, about="Edit no turn after all")
        self._picture = line(
            "picture", about="A picture for the question", placeholder="a variable, path or address"
        )
        self._upload = widgets.FileUpload(
            accept=".png,.jpg,.jpeg,.webp", multiple=True, description="Upload picture",
            tooltip="Choose a PNG, JPEG or WEBP", layout=widgets.Layout(width="auto"),
        )  # fmt: skip
        self._upload.observe(self._take_files, "value")
        Enter(self._picture, self._attach)
        self._thumbs = widgets.HTML()
        self._detach = button("Take off", state.detach, about="Ask without these pictures")
        self._attached = row(self._thumbs, self._detach)
        return [
            self._one,
            self._many,
            row(self._sends, self._long, self._leave),
            self._status.box,
            self._attached,
            fold(
                "Pictures",
                self._picture,
                row(
                    button("Add picture", self._attach, about="Add the picture of that name"),
                    self._upload,
                ),
            ),
        ]

    def _list(self, label: str, meaning: str, chosen: Callable[[str], Any]) -> widgets.Dropdown:
        made = widgets.Dropdown(options=[], description=label, tooltip=meaning, style=LABEL)
        made.layout.width = "min(520px, 100%)"

        def tell(change: dict[str, Any]) -> None:
            # What a repaint sets is no choice of the user's.
            if change["new"] is not None and self._painting != threading.get_ident():
                chosen(change["new"])

        made.observe(tell, "value")
        return made

    # What the user does

    @property
    def _text(self) -> str:
        return str(self._many.value if self._long.value else self._one.value)

    def _send(self) -> None:
        self.state.send(self._text)

    def _turn_lines(self, change: dict[str, Any]) -> None:
        if self._painting == threading.get_ident():
            return
        source, target = (self._one, self._many) if change["new"] else (self._many, self._one)
        target.value = source.value if change["new"] else " ".join(source.value.split("\n"))
        source.value = ""
        self.repaint()

    def _set_system(self, change: dict[str, Any]) -> None:
        self.state.system = change["new"]

    def _attach(self) -> None:
        name = self._picture.value
        self.state.attach(name)
        if not self.state.error:
            self._picture.value = ""

    def _take_files(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self.state.upload({file["name"]: bytes(file["content"]) for file in change["new"]})
            self._upload.value = ()

    def _new(self) -> None:
        if self.state.new(self._name.value):
            self._name.value = ""

    def _drop(self) -> None:
        if self._sure.description == "Drop thread":
            self._sure.description = "Really drop it?"
        else:
            self._sure.description = "Drop thread"
            self.state.drop_thread()

    # What is shown

    def paint(self) -> None:
        """Bring the widgets up to date."""
        self._painting = threading.get_ident()
        try:
            self._paint()
        finally:
            self._painting = None

    def _paint(self) -> None:
        state = self.state
        self._status.paint()
        self._turns.paint()
        _fill(self._thread, [(plain(called(name)), name) for name in state.threads], state.thread)
        models = state.models
        _fill(self._model, [(plain(one), one) for one in models.ids], models.model or None)
        _set(self._price, value=models.about)
        _set(self._system, placeholder=plain(state.system_before) or "none")
        _set(self._total, value=f'<div style="opacity:.75">{escape(state.total)}</div>')
        into = "" if state.editing is None else f" as turn {state.editing}"
        _set(self._sends, description=f"Send{into}")
        _set(self._leave.layout, display="none" if state.editing is None else "")
        _set(self._thumbs, value=" ".join(map(thumb, state.pictures)))
        _set(self._attached.layout, display="" if state.pictures else "none")
        if state.drafts != self._drafts:
            self._drafts = state.drafts
            draft = mend(state.draft)
            long = "\n" in draft
            _set(self._long, value=long)
            _set(self._one, value="" if long else draft)
            _set(self._many, value=draft if long else "")
            if draft:
                (self._many if long else self._one).focus()
        _set(self._one.layout, display="none" if self._long.value else "")
        _set(self._many.layout, display="" if self._long.value else "none")

    def kept(self) -> dict[str, str]:
        """Give the conversation without widgets."""
        state = self.state
        if self._kept_rows is state.rows:
            return self._kept  # it is asked for at every change, and costs a rendering
        rows = state.rows[-KEPT:]
        left = len(state.rows) - len(rows)
        title = f"{state.total} · the last {KEPT}" if left else state.total
        self._kept_rows = state.rows
        self._kept = transcript_bundle(
            title,
            [
                Exchange(
                    question_of(turn) + "\n[picture]" * len(turn.pictures),
                    turn.answer or "",
                    " · ".join(filter(None, [about(turn), remark(turn)])),
                )
                for turn in rows
            ],
        )
        return self._kept


def _set(target: Any, **values: Any) -> None:
    """Set what differs."""
    for name, value in values.items():
        if getattr(target, name) != value:
            setattr(target, name, value)


def _fill(target: widgets.Dropdown, options: list[tuple[str, str]], value: str | None) -> None:
    if list(target.options) != options:
        target.options = options
    if target.value != value:
        target.value = value


def open_panel() -> ChatPanel:
    """Open it, and read the catalog and the thread."""
    made = ChatPanel("chat", ChatState())
    made.state.open()
    return made
