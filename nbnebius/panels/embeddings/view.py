"""A frame's vectors as a map, as widgets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from nbnebius.panels.embeddings.state import EmbeddingsState
from nbnebius.panels.enter import Enter
from nbnebius.panels.notebook import value_of
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import (
    AsCell,
    Chooser,
    Pages,
    StatusLine,
    button,
    change,
    field,
    fold,
    row,
)
from nbnebius.plots.reading import check_frame
from nbnebius.plots.scatter import has_scatter
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.table import frame_bundle

if TYPE_CHECKING:
    from nbnebius.panels.embeddings.lasso import Lasso

STEPS = 200  # of a slider, from one end of the map to the other
KEPT_ROWS = 20
NOTHING = "nothing"
LISTS = (("all points", "all"), ("nearest", "nearest"), ("selected", "selected"))


class EmbeddingsPanel(Panel):
    """A map of vectors, searched and selected from."""

    state: EmbeddingsState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._status = StatusLine(state)
        self._plot = widgets.HTML()
        self._lasso: Lasso | None = None
        if has_scatter():
            from nbnebius.panels.embeddings.lasso import Lasso

            self._lasso, state.draws = Lasso(state), False
        self._pages = Pages("rows")
        self._listed: tuple[Any, ...] = ()
        self._frame = Chooser("frame", lambda name: state.look(name=name))
        self._column = Chooser("vectors", lambda name: state.look(column=name))
        self._color = Chooser("colour by", lambda name: state.look(color=name or None))
        return [
            row(
                self._frame.widget,
                button("Look again", state.look, about="List the frames anew, and read this one"),
            ),
            row(self._column.widget, self._color.widget),
            self._search_parts(),
            self._lasso.box if self._lasso else self._plot,
            *self._select_parts(),
            self._status.box,
            *self._list_parts(),
            AsCell(state.to_cell).box,
        ]

    def _search_parts(self) -> widgets.Widget:
        state = self.state
        self._query = field(
            "search",
            "",
            lambda text: setattr(state, "query", text),
            about="A question in words: the rows that are nearest to it are listed and ringed",
            hint="what do people praise",
        )
        Enter(self._query, state.search)
        self._query.layout = widgets.Layout(flex="1 1 260px", width="auto")
        self._count = widgets.BoundedIntText(
            value=state.k,
            min=1,
            max=1000,
            description="rows",
            tooltip="How many rows are nearest",
            style={"description_width": "40px"},
            layout=widgets.Layout(width="110px"),
        )
        self._count.observe(lambda told: setattr(state, "k", told["new"]), "value")
        return row(
            self._query,
            self._count,
            button(
                "Search",
                state.search,
                about="Embed the question, with the frame's own model, and find the nearest rows",
                style="primary",
            ),
            button("Clear", state.forget_search, about="Take the rings away"),
        )

    def _select_parts(self) -> list[widgets.Widget]:
        state = self.state
        self._sliding: int | None = None
        self._sliders = tuple(
            widgets.FloatRangeSlider(
                description=name,
                tooltip=f"Select the rows between two places {about}",
                continuous_update=False,
                readout_format=".2f",
                style={"description_width": "110px"},
                layout=widgets.Layout(width="auto"),
            )
            for name, about in (("select across", "across"), ("select up", "up and down"))
        )
        for slider in self._sliders:
            slider.observe(lambda _: self._slid(), "value")
        self._let_go = button(
            "Select nothing", lambda: state.select(None), about="Let go of the selected rows"
        )
        # A lasso needs a mouse: who has none selects by sliders.
        sliders = [fold("Select by sliders", *self._sliders)] if self._lasso else self._sliders
        return [*sliders, row(self._let_go)]

    def _list_parts(self) -> list[widgets.Widget]:
        state = self.state
        self._which = Chooser("list", state.choose_list)
        out = field(
            "put into",
            state.out,
            lambda text: setattr(state, "out", text),
            about="The variable that the listed rows are put into",
        )
        return [
            row(self._which.widget, out, button("Put rows", state.put, about="Put them there")),
            self._pages.box,
        ]

    def _slid(self) -> None:
        # The user may slide on another thread meanwhile.
        if self._sliding != threading.get_ident():
            across, up = (slider.value for slider in self._sliders)
            self.state.select((*across, *up))

    def paint(self) -> None:
        """Bring the widgets up to date."""
        state = self.state
        self._status.paint()
        if state.busy:
            return
        names = dict.fromkeys([*filter(None, [state.name]), *state.frames])
        self._frame.offer([(name, name) for name in names] or [(NOTHING, "")], state.name)
        columns = state.vector_columns or [state.column]
        self._column.offer([(name, name) for name in columns], state.column)
        others = [(name, name) for name in state.other_columns]
        self._color.offer([(NOTHING, ""), *others], state.color or "")
        change(self._plot, "value", state.plot)
        if self._lasso:
            self._lasso.paint()
        self._place_sliders()
        self._which.offer(LISTS, state.listed)
        listed = (id(state.frame), state.listed, tuple(state.places))
        if listed != self._listed:
            self._listed = listed
            self._pages.show(state.table)

    def _place_sliders(self) -> None:
        extent = self.state.extent
        window = self.state.window or extent
        change(self._let_go, "disabled", not self.state.is_selecting)
        self._sliding = threading.get_ident()
        try:
            for slider, at in zip(self._sliders, (0, 2), strict=True):
                low, high = extent[at : at + 2]
                if (slider.min, slider.max) != (low, high):
                    with slider.hold_trait_notifications():
                        slider.min, slider.max = low, high
                        slider.step = (high - low) / STEPS
                        slider.value = window[at : at + 2]
                change(slider, "value", tuple(window[at : at + 2]))
        finally:
            self._sliding = None

    def kept(self) -> dict[str, str]:
        """Give the listed rows and the status, without widgets."""
        state = self.state
        table = state.table
        bundle = {"text/html": "", "text/plain": ""}
        if table is not None:
            bundle = frame_bundle(table, max_rows=KEPT_ROWS)
        told = " · ".join(filter(None, [state.query, state.status]))
        return {
            "text/html": bundle["text/html"] + f"<div>{escape(told)}</div>",
            "text/plain": f"{bundle['text/plain']}\n{plain(told)}".strip(),
        }


def open_panel(frame: str = "") -> EmbeddingsPanel:
    """
    Open it on a frame, the first that holds vectors if left out.

    Raises
    ------
    OptionError
        There is no variable of that name, or it is no frame.
    """
    if frame:
        check_frame(value_of(frame))
    made = EmbeddingsPanel("embeddings", EmbeddingsState(frame))
    made.state.look()
    return made
