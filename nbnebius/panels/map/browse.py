"""The answers of a job: listed, filtered, looked at one by one, marked and mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from nbnebius.panels.map.results import SHOWS
from nbnebius.panels.parts import LABEL, Chooser, Pages, button, change, choice, fold, row
from nbnebius.rendering.answer import footer_html
from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    from nbnebius.panels.map.state import MapState

LONGEST = 20_000  # characters of one cell


class Browse:
    """
    The part of the map panel below the run.

    Parameters
    ----------
    state
        The panel's.
    """

    def __init__(self, state: MapState) -> None:
        self._state = state
        self._seen: tuple[object, ...] = ()
        self._looked_at: tuple[object, ...] = ()
        self._answer: tuple[object, ...] = ()
        self._summary = widgets.HTML()
        self._pages = Pages("rows")
        show = choice("show", SHOWS, state.show, state.choose)
        self._show = show
        self.box = widgets.VBox(
            [
                row(show),
                self._pages.box,
                self._summary,
                fold("One row: look, mark, mend", self._row_parts()),
            ]
        )

    def _row_parts(self) -> widgets.Widget:
        state = self._state
        self._number = widgets.BoundedIntText(
            value=1,
            min=1,
            max=1,
            description="row",
            tooltip="The row to look at, as it is numbered in the table",
            style={"description_width": "40px"},
            layout=widgets.Layout(width="150px"),
        )
        self._number.observe(lambda told: state.go_to(told["new"] - 1), "value")
        self._cells = widgets.HTML()
        self._column = Chooser("column", lambda _: self._paint_answer())
        self._text = widgets.Textarea(
            description="answer",
            tooltip="The answer, to be changed by hand; empty: none",
            rows=3,
            style=LABEL,
            layout=widgets.Layout(width="auto"),
        )
        return widgets.VBox(
            [
                row(
                    button("Before", lambda: state.step(-1), about="The row before, of these"),
                    self._number,
                    button("After", lambda: state.step(1), about="The next row, of these"),
                    button("Good", lambda: state.rate("good"), about="Mark it good, and go on"),
                    button("Bad", lambda: state.rate("bad"), about="Mark it bad, and go on"),
                    button("No mark", lambda: state.rate(None), about="Take its mark back"),
                ),
                self._cells,
                self._column.widget,
                self._text,
                row(
                    button("Save the answer", self._save, about="Write this text into the frame"),
                    button(
                        "Clear all marks",
                        state.clear_marks,
                        about="Take all marks and all changes of answers back",
                    ),
                ),
            ]
        )

    def paint(self) -> None:
        """Bring it up to date."""
        state, results = self._state, self._state.results
        change(self.box.layout, "display", "none" if results.frame is None else "")
        if results.frame is None:
            return
        change(self._show, "value", state.show)
        told = f"{state.out}: {state.job.summary}" if state.job else ""
        if results.marks:
            told += f" · {results.marks:,} by hand"
        change(self._summary, "value", footer_html(told))
        seen = (results.version, state.show)
        if seen != self._seen:
            self._seen = seen
            self._pages.show(results.table(state.show))
        change(self._number, "max", len(results))
        change(self._number, "value", state.place + 1)
        self._offer_columns()
        looked_at = (results.version, state.place)
        if looked_at != self._looked_at:
            self._looked_at = looked_at
            self._paint_row()

    def _offer_columns(self) -> None:
        names = self._state.results.answers
        chosen = self._column.widget.value
        self._column.offer(
            [(name, name) for name in names], chosen if chosen in names else names[0]
        )
        change(self._column.widget.layout, "display", "" if len(names) > 1 else "none")

    def _paint_row(self) -> None:
        lines = "".join(
            f'<tr><th style="text-align:left;vertical-align:top">{escape(str(name))}</th>'
            f'<td style="text-align:left;white-space:pre-wrap;overflow-wrap:anywhere">'
            f"{escape(text[:LONGEST])}</td></tr>"
            for name, text in self._state.results.row(self._state.place)
        )
        change(
            self._cells,
            "value",
            '<div class="jp-RenderedHTMLCommon mathjax_ignore" '
            f'style="overflow:auto;max-height:20em"><table style="margin:0">{lines}</table></div>',
        )
        self._paint_answer()

    def _paint_answer(self) -> None:
        place = self._column.widget.index
        if place is None:
            return
        name = self._state.results.answers[place]
        text = plain(self._state.results.answer(self._state.place, name))
        shown = (self._state.place, name, text)
        if shown != self._answer:  # what is typed stays, though a run renews the frame
            self._answer = shown
            self._text.description = plain(name)[:20]
            change(self._text, "value", text)

    def _save(self) -> None:
        place = self._column.widget.index
        if place is not None:
            name = self._state.results.answers[place]
            if self._text.value != plain(self._state.results.answer(self._state.place, name)):
                self._state.edit(name, self._text.value)
