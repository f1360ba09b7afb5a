"""
A panel as the notebook shows it: live widgets, and a text that stays.

Widgets are gone when the notebook is exported, or opened where its kernel is not. So a panel has a
second output in its cell, plain HTML, that is brought up to date when something is finished. While
the widgets are there, they hide it.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from nbnebius.panels.notebook import cell_id, need_front_end
from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    import ipywidgets as widgets

    from nbnebius.panels.state import State

WIDTH = "700px"
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # as a notebook's format has it
# A table that is wider than the panel scrolls, and does not stand out.
_NARROW = ".nbnebius-panel .widget-html-content{min-width:0}"


class Panel:
    """
    A state with its view.

    Parameters
    ----------
    name
        What it is called in ``%panel``.
    state
        What it holds; `Panel.state` gives it to whoever drives it by hand.

    Subclasses give `build`, which makes the widgets, `paint`, which brings them up to date, and
    `kept`, which is what stays in the saved notebook.
    """

    def __init__(self, name: str, state: State) -> None:
        self.name = name
        self.state = state
        self._root: widgets.VBox | None = None
        self._handle: Any = None
        self._shown = ""
        # A notebook may come from anywhere, and the id of its cell goes into the page.
        named = cell_id() if PLAIN_ID.fullmatch(cell_id()) else uuid.uuid4().hex[:12]
        self._mark = f"nbnebius-kept-{named}"
        self._was_busy = False

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        raise NotImplementedError

    def paint(self) -> None:
        """Bring the widgets up to date with the state; called on any thread."""
        raise NotImplementedError

    def kept(self) -> dict[str, str]:
        """Give ``text/html`` and ``text/plain`` of what the panel shows now, without widgets."""
        raise NotImplementedError

    @property
    def widget(self) -> widgets.VBox:
        """The widgets, made when they are first asked for."""
        if self._root is None:
            import ipywidgets

            hide = ipywidgets.HTML(f"<style>.{self._mark}{{display:none}}{_NARROW}</style>")
            hide.layout.display = "none"
            layout = ipywidgets.Layout(width="100%", max_width=WIDTH)
            self._root = ipywidgets.VBox([*self.build(), hide], layout=layout)
            self._root.add_class("nbnebius-panel")
            self.paint()
            self.state.listen(self.repaint)
        return self._root

    def repaint(self) -> None:
        """Bring everything up to date: the widgets, and, when work has ended, what stays."""
        with self.state.lock:
            self.paint()
            busy, self._was_busy = self._was_busy, self.state.busy
            if not self.state.busy or busy != self._was_busy:
                self.keep()

    def keep(self) -> None:
        """Bring what stays in the saved notebook up to date."""
        bundle = self._kept_bundle()
        if self._handle is not None and bundle["text/html"] != self._shown:
            self._shown = bundle["text/html"]
            self._handle.update(bundle, raw=True)

    def _kept_bundle(self) -> dict[str, str]:
        kept = self.kept()
        return {
            "text/html": f'<div class="{self._mark}">{kept["text/html"]}</div>',
            "text/plain": kept["text/plain"],
        }

    def _ipython_display_(self) -> None:
        """Show the widgets, and below them, hidden while they live, what stays."""
        from IPython.display import DisplayHandle, display

        need_front_end()
        display(self._repr_mimebundle_(), raw=True)
        bundle = self._kept_bundle()
        self._shown = bundle["text/html"]
        self._handle = DisplayHandle()
        self._handle.display(bundle, raw=True)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Give the widget's bundle; what cannot show widgets shows a line instead."""
        made = self.widget._repr_mimebundle_()
        bundle = dict(made[0] if isinstance(made, tuple) else made)
        line = f"nbnebius {self.name} panel: run this cell to use it"
        return bundle | {"text/plain": plain(line), "text/html": f"<div>{escape(line)}</div>"}

    def __repr__(self) -> str:
        return f"<nbnebius {self.name} panel>"
