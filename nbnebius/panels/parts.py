"""The few parts that panels are made of, each with a label, usable by keyboard."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from nbnebius.client.surrogates import mend
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.table import frame_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from nbnebius.panels.state import State

ROWS_PER_PAGE = 10
LABEL = {"description_width": "110px"}
_WARN = (
    "border-left:3px solid var(--jp-error-color1,#d32f2f);padding-left:.6em;white-space:pre-wrap"
)


def button(text: str, action: Callable[[], Any], *, about: str, style: str = "") -> widgets.Button:
    """
    Make a button.

    Parameters
    ----------
    text
        What stands on it.
    action
        What a click does. It only submits or cancels: which thread it is called on is the kernel's
        affair, and while it runs no other click is heard.
    about
        What it does, in a sentence: its tooltip, and what a screen reader says.
    style
        ``primary``, ``success``, ``warning``, ``danger`` or none.
    """
    made = widgets.Button(description=text, tooltip=about, button_style=style)
    made.layout.width = "auto"
    made.on_click(lambda _: action())
    return made


def row(*parts: widgets.Widget) -> widgets.HBox:
    """Put parts side by side; they wrap where it is narrow."""
    return widgets.HBox(list(parts), layout=widgets.Layout(flex_flow="row wrap", width="100%"))


def fold(title: str, *parts: widgets.Widget) -> widgets.VBox:
    """Put parts behind a button that opens and closes them."""
    # An Accordion's title cannot be reached by keyboard.
    inside = widgets.VBox(list(parts), layout=widgets.Layout(display="none", width="100%"))
    opener = widgets.ToggleButton(
        description=f"▸ {title}",
        tooltip=f"Open or close: {title}",
        layout=widgets.Layout(width="auto", align_self="flex-start"),
    )

    def turn(told: dict[str, Any]) -> None:
        opener.description = f"{'▾' if told['new'] else '▸'} {title}"
        inside.layout.display = "" if told["new"] else "none"

    opener.observe(turn, "value")
    return widgets.VBox([opener, inside], layout=widgets.Layout(width="100%"))


def choice(
    label: str, options: Sequence[Any], value: Any, chosen: Callable[[Any], Any]
) -> widgets.Dropdown:
    """Make a list to choose one of; `chosen` is called with what was chosen."""
    made = widgets.Dropdown(options=list(options), value=value, description=label, style=LABEL)
    made.observe(lambda change: chosen(change["new"]), "value")
    return made


class Chooser:
    """
    A list to choose one of, whose choices change.

    Parameters
    ----------
    label
        What stands before it.
    chosen
        Called with what the user chose, and not when the choices are offered anew.
    """

    def __init__(self, label: str, chosen: Callable[[Any], Any]) -> None:
        self.widget = widgets.Dropdown(description=label, style=LABEL)
        self._chosen = chosen
        self._offering: int | None = None
        self.widget.observe(self._tell, "value")

    def offer(self, options: Sequence[tuple[str, Any]], value: Any) -> None:
        """Offer (label, value) pairs, of which `value` is chosen, or the first without it."""
        values = [each for _, each in options]
        if value not in values:
            value = values[0] if values else None
        self._offering = threading.get_ident()
        try:
            shown = tuple((plain(label), each) for label, each in options)
            change(self.widget, "options", shown)
            change(self.widget, "value", value)
        finally:
            self._offering = None

    def _tell(self, told: dict[str, Any]) -> None:
        # The user may choose on another thread meanwhile.
        if self._offering != threading.get_ident() and told["new"] is not None:
            self._chosen(told["new"])


def field(
    label: str, value: str, typed: Callable[[str], Any], *, about: str, hint: str = ""
) -> widgets.Text:
    """Make a line to type into; `typed` is called when it was left or Enter was pressed."""
    made = widgets.Text(
        value=value,
        description=label,
        placeholder=hint,
        tooltip=about,
        continuous_update=False,
        style=LABEL,
    )
    made.observe(lambda change: typed(change["new"]), "value")
    return made


def change(made: Any, name: str, value: Any) -> None:
    """Change a widget where that changes anything: each change is a message to the page."""
    if getattr(made, name) != value:
        setattr(made, name, value)


class Confirm:
    """
    A button that only asks; another one beside it, where no double click falls, does it.

    Parameters
    ----------
    text, about
        As of `button`.
    action
        What the second button does.
    question
        Gives what stands on it; "" where there is nothing to do.
    """

    def __init__(
        self, text: str, action: Callable[[], Any], *, about: str, question: Callable[[], str]
    ) -> None:
        self._action = action
        self._question = question
        self._asked = ""
        self.button = button(text, self._ask, about=about)
        self._sure = button("", self._do, about=about, style="danger")
        self._keep = button("Keep it", self.reset, about="Do nothing")
        self.box = row(self.button, self._sure, self._keep)
        self.reset()

    @property
    def is_asking(self) -> bool:
        """Whether it waits for the second click."""
        return bool(self._asked)

    def reset(self) -> None:
        """Ask again before anything is done."""
        self._show("")

    def _ask(self) -> None:
        self._show(self._question())

    def _do(self) -> None:
        # What was asked about is what is done, even if another one was chosen meanwhile.
        agreed = self._asked and self._asked == self._question()
        self.reset()
        if agreed:
            self._action()

    def _show(self, question: str) -> None:
        self._asked = question
        self._sure.description = plain(question)
        for each in (self._sure, self._keep):
            each.layout.display = "" if question else "none"


class StatusLine:
    """What the panel does just now, what it did last, and what went wrong."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.widget = widgets.HTML()
        self._stop = button("Stop", state.stop, about="Stop what is running; what was paid is kept")
        self._stop.button_style = "danger"
        self.box = row(self._stop, self.widget)

    def paint(self) -> None:
        """Bring it up to date."""
        state = self._state
        self._stop.layout.display = "" if state.busy else "none"
        if state.error:
            html = f'<div role="alert" style="{_WARN}">{escape(state.error)}</div>'
        else:
            line = " · ".join(filter(None, [state.doing, state.status]))
            html = f'<div role="status" style="opacity:.75">{escape(line)}</div>'
        if self.widget.value != html:
            self.widget.value = html


class Pages:
    """
    A frame as a table, a page at a time.

    Parameters
    ----------
    about
        What the rows are, for the line below: ``models``.
    """

    def __init__(self, about: str, *, rows: int = ROWS_PER_PAGE) -> None:
        self._about = about
        self._rows = rows
        self._page = 0
        self._frame: pd.DataFrame | None = None
        self._table = widgets.HTML()
        self._where = widgets.Label()
        self._back = button("Back", lambda: self.turn(-1), about="the page before")
        self._on = button("Next", lambda: self.turn(1), about="the next page")
        self._turner = row(self._back, self._where, self._on)
        self._turner.layout.display = "none"
        self.box = widgets.VBox([self._table, self._turner])

    def show(self, frame: pd.DataFrame | None) -> None:
        """Show a frame; the same page stays where it has that many."""
        if frame is not self._frame:
            self._frame = frame
            self._paint()

    def turn(self, by: int) -> None:
        """Go some pages on, or back."""
        self._page += by
        self._paint()

    def _paint(self) -> None:
        frame = self._frame
        count = 0 if frame is None else len(frame)
        pages = max(1, -(-count // self._rows))
        self._page = min(max(0, self._page), pages - 1)
        first = self._page * self._rows
        if frame is None:
            self._table.value = ""
        else:
            part = frame.iloc[first : first + self._rows]
            self._table.value = frame_bundle(part, max_rows=self._rows)["text/html"]
        self._turner.layout.display = "" if pages > 1 else "none"
        last = min(first + self._rows, count)
        self._where.value = f"{first + 1:,} to {last:,} of {count:,} {self._about}"
        self._back.disabled = self._page == 0
        self._on.disabled = self._page == pages - 1


class AsCell:
    """A button that writes the cell which does the same, ready to be copied."""

    def __init__(self, write: Callable[[], str]) -> None:
        self._write = write
        self._text = widgets.Textarea(
            description="cell", style=LABEL, layout=widgets.Layout(width="auto", display="none")
        )
        show = button("As cell", self._show, about="Show the cell that does the same, to be copied")
        self.box = widgets.VBox([row(show), self._text])

    def _show(self) -> None:
        try:
            cell = self._write()
        except Exception as error:  # noqa: BLE001 - a callback's error would be seen by nobody
            cell = f"# {plain(str(error))}"
        self._text.value = mend(cell)
        self._text.rows = min(12, cell.count("\n") + 2)
        self._text.layout.display = ""
