"""The turns of a conversation as widgets: only what changes is painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ipywidgets as widgets

from nbnebius.panels.chat.pictures import thumb
from nbnebius.panels.parts import button, change, row
from nbnebius.rendering.safe import escape

if TYPE_CHECKING:
    from nbnebius.panels.chat.entries import Entry
    from nbnebius.panels.chat.state import ChatState

AT_ONCE: Final = 6
"""Turns that are shown at least; up to twice as many before the earlier ones are left out."""

HEIGHT: Final = "560px"
_QUESTION: Final = (
    '<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5;'
    "border-left:3px solid var(--jp-brand-color1,#1976d2);"
    'background:var(--jp-layout-color2,transparent);padding:.3em .6em">'
)
_WAITING: Final = '<div style="opacity:.65">…</div>'


class TurnBox:
    """One turn: the question, the answer, and what can be done with it."""

    def __init__(self, number: int, state: ChatState) -> None:
        self._question = widgets.HTML()
        self._answer = widgets.HTML()
        for part in (self._question, self._answer):
            part.layout = widgets.Layout(width="auto", margin="2px 4px")
        self._tools = row(
            button("Edit", lambda: state.edit(number), about=f"Change question {number}, ask anew"),
            button("Again", lambda: state.again(number), about=f"Ask question {number} again"),
            button("Drop", lambda: state.drop(number), about=f"Take turn {number} out"),
        )
        self._tools.layout.justify_content = "flex-end"
        self._tools.layout.margin = "-8px 0 6px 0"
        for tool in self._tools.children:
            tool.layout.height = "22px"
            tool.style.font_size, tool.style.button_color = "12px", "transparent"
        self.box = widgets.VBox([self._question, self._answer, self._tools])
        # Else a box is as high as what is in it at most: the question would be squeezed.
        self.box.layout.flex = "0 0 auto"

    def show(self, entry: Entry) -> None:
        """Bring it up to date."""
        pictures = " ".join(map(thumb, entry.pictures))
        below = f"<div>{pictures}</div>" if pictures else ""
        change(self._question, "value", f"{_QUESTION}{escape(entry.question)}{below}</div>")
        change(self._answer, "value", entry.answer or _WAITING)
        display = "none" if entry.state == "asking" else ""
        change(self._tools.layout, "display", display)


class Turns:
    """The last turns, the newest at the bottom; more of them at a click."""

    def __init__(self, state: ChatState) -> None:
        self._state = state
        self._boxes: dict[int, TurnBox] = {}
        self._thread = ""
        self._more = 0
        self._earlier = button("Earlier turns", self.earlier, about="Show turns from before these")
        self._list = widgets.VBox(layout=widgets.Layout(flex="0 0 auto"))
        # Filled from its end, a box that scrolls stays at the newest by itself.
        self.box = widgets.Box(
            [self._list],
            layout=widgets.Layout(
                flex_flow="column-reverse",
                overflow="auto",
                max_height=HEIGHT,
                width="100%",
                margin="6px 0",
            ),
        )

    def earlier(self) -> None:
        """Show more of the turns before."""
        self._more += AT_ONCE
        self.paint()

    def paint(self) -> None:
        """Bring it up to date."""
        state = self._state
        with state.lock:
            if state.thread != self._thread:
                self._thread, self._more = state.thread, 0
            count = state.count
            # The first one moves in steps: what is shown already need not be drawn anew.
            hidden = max(0, (count - AT_ONCE) // AT_ONCE * AT_ONCE - self._more)
            for number in range(hidden + 1, count + 1):
                if number not in self._boxes:
                    self._boxes[number] = TurnBox(number, state)
                self._boxes[number].show(state.entry(number))
            boxes = [self._boxes[number].box for number in range(hidden + 1, count + 1)]
            shown = [self._earlier, *boxes] if hidden else boxes
            if tuple(shown) != tuple(self._list.children):
                self._list.children = shown
