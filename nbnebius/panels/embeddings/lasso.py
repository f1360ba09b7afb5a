"""The map that can be pointed at and lassoed in, where jupyter-scatter is installed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from nbnebius.panels.pictures import DARK, DARK_STYLE
from nbnebius.plots.scatter import VectorMap

if TYPE_CHECKING:
    from nbnebius.panels.embeddings.state import EmbeddingsState


class Lasso:
    """
    The points of an embeddings panel: pointing at one shows its text, a lasso selects.

    Parameters
    ----------
    state
        The panel's. What it lists as nearest or selected is marked on the map.
    """

    def __init__(self, state: EmbeddingsState) -> None:
        self._state = state
        self._map: VectorMap | None = None
        self._of: tuple[Any, str | None] = (None, None)
        self._told: list[int] = []
        self._telling: int | None = None
        self._style = widgets.HTML(DARK_STYLE, layout=widgets.Layout(display="none"))
        self.box = widgets.VBox(layout=widgets.Layout(width="100%"))

    def paint(self) -> None:
        """Bring it up to date."""
        state = self._state
        if state.frame is None or state.projected is None:
            return
        of = (state.projected, state.color)
        if self._map is None or self._of[0] is not of[0] or self._of[1] != of[1]:
            old, self._of, self._told = self._map, of, []
            self._map = VectorMap(state.frame, state.projected, color=state.color, label=None)
            self._map.scatter.widget.add_class(DARK)
            self._map.scatter.widget.observe(self._drawn, "selection")
            self.box.children = [self._style, self._map.widget]
            if old is not None:
                old.widget.close()
        self._mark()

    def _mark(self) -> None:
        state = self._state
        assert state.projected is not None
        assert self._map is not None
        listed = set() if state.listed == "all" else set(state.places)
        points = [point for point, place in enumerate(state.projected.places) if place in listed]
        if points != self._told:
            self._told = points
            self._telling = threading.get_ident()
            try:
                self._map.scatter.selection(points)
            finally:
                self._telling = None

    def _drawn(self, told: dict[str, Any]) -> None:
        # The user may draw on another thread meanwhile; and the page tells back what it was told.
        points = [] if told["new"] is None else sorted(map(int, told["new"]))
        if self._telling != threading.get_ident() and points != self._told:
            self._told = points
            self._state.lasso(points)
