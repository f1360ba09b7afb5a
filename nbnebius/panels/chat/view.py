"""A conversation, as widgets."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets

from nbnebius.client.surrogates import mend
from nbnebius.panels.chat.entries import about, question_of, remark
from nbnebius.panels.chat.pictures import thumb
from nbnebius.panels.chat.state import ChatState
from nbnebius.panels.chat.threads import called
from nbnebius.panels.chat.turns import Turns
from nbnebius.panels.enter import Enter
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import (
    LABEL,
    AsCell,
    Chooser,
    Confirm,
    StatusLine,
    button,
    change,
    field,
    fold,
    row,
)
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
        self._thread = Chooser("thread", state.choose)
        self._thread.widget.tooltip = "The conversation that is gone on with"
        self._thread.widget.layout.width = "min(520px, 100%)"
        self._name = _line("name", about="What a new thread is called", hint="a name, or none")
        file = _line("file", about="Where the thread is written", hint="talk.md")
        drop = Confirm(
            "Drop thread", state.drop_thread, about="Take all turns out of the thread",
            question=lambda: f"Drop {state.total.partition(' · USD')[0]}?" if state.rows else "",
        )  # fmt: skip
        about = "Write the thread: Markdown to .md, else JSON"
        return [
            row(
                self._thread.widget,
                button("Refresh", state.refresh, about="Read the thread again: cells may go on it"),
            ),
            fold(
                "Threads: new, export, drop",
                self._name,
                row(button("New thread", self._new, about="Begin a thread of that name")),
                file,
                row(button("Export", lambda: state.export(file.value), about=about), drop.box),
            ),
        ]

    def _model_parts(self) -> list[widgets.Widget]:
        state = self.state
        search = _line(
            "search", state.narrow, about="Words that narrow the list of models", hint="qwen 32b"
        )
        search.continuous_update = True  # nothing is paid, and no click follows
        self._model = Chooser("model", state.pick)
        self._model.widget.tooltip = "The model that is asked"
        self._model.widget.layout.width = "auto"
        self._price = widgets.Label()
        self._system = _lines("system", "The system prompt, from the next question on", rows=2)
        self._system.observe(self._set_system, "value")
        return [
            search,
            self._model.widget,
            self._price,
            fold(
                "System prompt and parameters",
                self._system,
                *(
                    _line(name.replace("_", " "), partial(state.set, name), about=text, hint=text)
                    for name, text in PARAMETERS.items()
                ),
            ),
        ]

    def _question_parts(self) -> list[widgets.Widget]:
        state = self.state
        self._one = _line("question", about="What is asked; Enter sends it", hint="Ask")
        self._many = _lines("question", "What is asked; Tab and Enter send it", rows=LINES)
        Enter(self._one, self._send)
        self._long = widgets.ToggleButton(
            description="Several lines", tooltip="A box with lines: there, Enter begins a new one",
            layout=widgets.Layout(width="auto"),
        )  # fmt: skip
        self._long.observe(self._turn_lines, "value")
        self._sends = button("Send", self._send, about="Ask the question", style="primary")
        self._leave = button("Leave it", state.leave, about="Edit no turn after all")
        self._picture = _line(
            "picture", about="A picture for the question", hint="a variable, path or address"
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

    # What the user does

    @property
    def _text(self) -> str:
        return str(self._many.value if self._long.value else self._one.value)

    def _send(self) -> None:
        self.state.send(self._text)

    def _turn_lines(self, told: dict[str, Any]) -> None:
        if self._painting == threading.get_ident():
            return
        source, target = (self._one, self._many) if told["new"] else (self._many, self._one)
        target.value = source.value if told["new"] else " ".join(source.value.split("\n"))
        source.value = ""
        self.repaint()

    def _set_system(self, told: dict[str, Any]) -> None:
        self.state.system = told["new"]

    def _attach(self) -> None:
        name = self._picture.value
        self.state.attach(name)
        if not self.state.error:
            self._picture.value = ""

    def _take_files(self, told: dict[str, Any]) -> None:
        if told["new"]:
            self.state.upload({file["name"]: bytes(file["content"]) for file in told["new"]})
            self._upload.value = ()

    def _new(self) -> None:
        if self.state.new(self._name.value):
            self._name.value = ""

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
        self._thread.offer([(called(name), name) for name in state.threads], state.thread)
        models = state.models
        self._model.offer([(one, one) for one in models.ids], models.model)
        change(self._price, "value", models.about)
        change(self._system, "placeholder", plain(state.system_before) or "none")
        change(self._total, "value", f'<div style="opacity:.75">{escape(state.total)}</div>')
        into = "" if state.editing is None else f" as turn {state.editing}"
        change(self._sends, "description", f"Send{into}")
        change(self._leave.layout, "display", "none" if state.editing is None else "")
        change(self._thumbs, "value", " ".join(map(thumb, state.pictures)))
        change(self._attached.layout, "display", "" if state.pictures else "none")
        if state.drafts != self._drafts:
            self._drafts = state.drafts
            draft = mend(state.draft)
            long = "\n" in draft
            change(self._long, "value", long)
            change(self._one, "value", "" if long else draft)
            change(self._many, "value", draft if long else "")
            if draft:
                (self._many if long else self._one).focus()
        change(self._one.layout, "display", "none" if self._long.value else "")
        change(self._many.layout, "display", "" if self._long.value else "none")

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


def _line(
    label: str, typed: Callable[[str], Any] = lambda _: None, *, about: str, hint: str
) -> widgets.Text:
    made = field(label, "", typed, about=about, hint=hint)
    made.layout.width = "auto"
    return made


def _lines(label: str, meaning: str, *, rows: int) -> widgets.Textarea:
    return widgets.Textarea(
        description=label,
        tooltip=meaning,
        continuous_update=False,
        rows=rows,
        style=LABEL,
        layout=widgets.Layout(width="auto"),
    )


def open_panel() -> ChatPanel:
    """Open it, and read the catalog and the thread."""
    made = ChatPanel("chat", ChatState())
    made.state.open()
    return made
