"""The catalogs of models, as widgets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from nbnebius.panels.models.columns import ANY, SORTS, TYPE_CHOICES
from nbnebius.panels.models.state import ModelsState
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import (
    LABEL,
    AsCell,
    Pages,
    StatusLine,
    button,
    change,
    choice,
    field,
    row,
)
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.table import frame_bundle

if TYPE_CHECKING:
    import pandas as pd

LINES = 7  # models seen at once in the list to choose from
KEPT_ROWS = 20


class ModelsPanel(Panel):
    """The catalogs in one table, filtered, compared and chosen from."""

    state: ModelsState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._status = StatusLine(state)
        self._pages = Pages("models")
        self._plot = widgets.HTML()
        self._details = widgets.HTML()
        self._frame: pd.DataFrame | None = None
        return [
            *self._filters(),
            self._pages.box,
            self._status.box,
            *self._choosing(),
            self._details,
            self._plot,
            AsCell(state.to_cell).box,
        ]

    def _filters(self) -> list[widgets.Widget]:
        state = self.state

        def takes(name: str) -> Any:
            return lambda value: state.narrow(**{name: value})

        return [
            row(
                choice("catalog", state.sources, "nebius", state.choose_source),
                choice(
                    "type",
                    TYPE_CHOICES,
                    ANY,
                    lambda kind: state.narrow(type=None if kind == ANY else kind),
                ),
            ),
            row(
                field(
                    "words",
                    "",
                    takes("search"),
                    about="Words of an id or a name; all of them have to be there",
                    hint="llama 70b",
                ),
                choice("sort", list(SORTS.items()), "", takes("sort")),
            ),
            row(
                field(
                    "highest price",
                    "",
                    takes("max_price"),
                    about="At most this many USD per million tokens out",
                    hint="USD per million out, as 0.5",
                ),
                field(
                    "least context",
                    "",
                    takes("context"),
                    about="At least this many tokens of context",
                    hint="tokens, as 32000",
                ),
                button("Refresh", state.read, about="Read the catalog again"),
            ),
        ]

    def _choosing(self) -> list[widgets.Widget]:
        state = self.state
        self._list = widgets.SelectMultiple(
            description="choose",
            tooltip="One to copy its id or make it the default; up to four to compare them",
            rows=LINES,
            style=LABEL,
            layout=widgets.Layout(width="auto"),
        )
        self._offered: list[tuple[str, str]] = []
        self._offering: int | None = None
        self._list.observe(self._choose, "index")
        self._id = widgets.Text(
            description="id",
            placeholder="choose a model, or several with Ctrl or Shift",
            tooltip="The chosen model's id, to be copied",
            style=LABEL,
            layout=widgets.Layout(width="auto"),
        )
        self._defaults = widgets.Label()
        self._use = button(
            "Use in this session",
            lambda: state.make_default(keep=False),
            about="Make it the default of what it does, in this session",
        )
        self._keep = button(
            "Keep as default",
            lambda: state.make_default(keep=True),
            about="Make it the default of what it does, in this session and later ones",
        )
        return [self._list, self._id, row(self._use, self._keep, self._defaults)]

    def _choose(self, told: dict[str, Any]) -> None:
        # The user may choose on another thread meanwhile.
        if self._offering != threading.get_ident():
            self.state.choose([self._offered[place] for place in told["new"]])

    def paint(self) -> None:
        """Bring the widgets up to date."""
        state = self.state
        self._status.paint()
        if state.shown is not self._frame:
            self._frame = state.shown
            self._pages.show(state.table)
            self._offer()
            change(self._plot, "value", state.plot)
        details = state.details
        html = "" if details is None else frame_bundle(details, max_rows=len(details))["text/html"]
        change(self._details, "value", html)
        change(self._id, "value", plain(state.id))
        change(self._defaults, "value", plain(state.defaults))
        alone = len(state.chosen) == 1
        change(self._use, "disabled", not alone)
        change(self._keep, "disabled", not alone)

    def _offer(self) -> None:
        keys = self.state.keys
        several = len({source for source, _ in keys}) > 1
        labels = [f"{model} ({source})" if several else model for source, model in keys]
        self._offering = threading.get_ident()
        try:
            self._offered = keys
            self._list.options = tuple(map(plain, labels))
            chosen = [keys.index(key) for key in self.state.chosen if key in keys]
            self._list.index = tuple(chosen)
        finally:
            self._offering = None

    def kept(self) -> dict[str, str]:
        """Give the table, the chosen models and the status, without widgets."""
        state = self.state
        frames = [frame for frame in (state.table, state.details) if frame is not None]
        bundles = [frame_bundle(frame, max_rows=KEPT_ROWS) for frame in frames]
        return {
            "text/html": "".join(bundle["text/html"] for bundle in bundles)
            + f"<div>{escape(state.status)}</div>",
            "text/plain": "\n\n".join(
                [*(bundle["text/plain"] for bundle in bundles), plain(state.status)]
            ).strip(),
        }


def open_panel() -> ModelsPanel:
    """Open it and read the session's own catalog."""
    made = ModelsPanel("models", ModelsState())
    made.state.read()
    return made
