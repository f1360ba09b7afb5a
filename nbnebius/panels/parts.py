"""The few parts that panels are made of, each with a label, usable by keyboard."""

from __future__ import annotations

import contextvars
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
LATER = 0.3  # seconds, in which a text follows the key that ends it
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


def fold(title: str, *parts: widgets.Widget) -> widgets.Accordion:
    """Put parts behind a title that opens them."""
    made = widgets.Accordion([widgets.VBox(list(parts))], titles=(title,))
    made.selected_index = None
    return made


def choice(
    label: str, options: Sequence[Any], value: Any, chosen: Callable[[Any], Any]
) -> widgets.Dropdown:
    """Make a list to choose one of; `chosen` is called with what was chosen."""
    made = widgets.Dropdown(options=list(options), value=value, description=label, style=LABEL)
    made.observe(lambda change: chosen(change["new"]), "value")
    return made


def line(label: str, *, about: str, placeholder: str = "") -> widgets.Text:
    """
    Make a box for a line of text.

    What is typed comes when Enter is pressed or the box is left: at every key, a click that
    follows could overtake it.

    Parameters
    ----------
    label
        What stands before it.
    about
        What it is for, in a sentence: its tooltip.
    placeholder
        What stands in it while it is empty.
    """
    made = widgets.Text(
        description=label,
        tooltip=about,
        placeholder=placeholder,
        continuous_update=False,
        style=LABEL,
    )
    made.layout.width = "auto"
    return made


class Enter:
    """
    Calls a function when Enter is pressed in a `line`.

    The page tells of the key first and of the text after it, and does not tell a text again that it
    told before; so a moment is waited for it.
    """

    def __init__(self, box: widgets.Text, action: Callable[[], Any]) -> None:
        self._action = action
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        box.on_msg(self._pressed)
        box.observe(lambda _: self._go(), "value")

    def _pressed(self, _: Any, content: Any, __: Any) -> None:
        if content.get("event") != "submit":
            return
        # What the kernel notes of the message goes with it.
        context = contextvars.copy_context()
        timer = threading.Timer(LATER, context.run, args=(self._go,))
        timer.daemon = True
        with self._lock:
            self._timer = timer
        timer.start()

    def _go(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            self._action()


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
