"""A frame's vectors as a map, as plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from nbnebius.commands import SEARCH
from nbnebius.commands.search import SearchOptions
from nbnebius.errors import OptionError
from nbnebius.panels.embeddings.points import Window, draw_marked, extent_of, vector_columns
from nbnebius.panels.notebook import bind, check_name, value_of, variables
from nbnebius.panels.pictures import plot_html
from nbnebius.panels.state import State
from nbnebius.plots.projected import project
from nbnebius.rendering.answer import usd
from nbnebius.session import default_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.plots.projected import Projected
    from nbnebius.session import Caller

USUAL: Final = "embedding"
COLUMNS: Final = 6  # that are listed beside the index
INCHES: Final = (7.0, 4.2)
MAP, SEARCH_WORDS = "drawing the map", "searching"

Listed = Literal["all", "nearest", "selected"]


class EmbeddingsState(State):
    """
    A frame of vectors, its map, a question asked of it, and a part of it.

    Attributes
    ----------
    name, column, color, k
        The variable with the frame, its column of vectors, the column that colours the points
        (None: none), and how many rows are nearest.
    projected
        The points; computed once for a frame and a column.
    plot
        The map, as HTML.
    query
        What was searched for last.
    window, lassoed
        What selects rows: a rectangle, or the positions of those in a lasso; None selects none.
    draws
        Whether the map is drawn as a picture; where it can be lassoed in, it need not be.
    listed
        Which rows stand in the list: all, nearest or selected.
    out
        The variable that rows are put into.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.name = name
        self.column = USUAL
        self.color: str | None = None
        self.k = 5
        self.query = ""
        self.projected: Projected | None = None
        self.plot = ""
        self.window: Window | None = None
        self.lassoed: tuple[int, ...] | None = None
        self.draws = True
        self.listed: Listed = "all"
        self.out = "chosen"
        self.frame: pd.DataFrame | None = None
        self._of: tuple[Any, str] = (None, "")
        self._nearest: tuple[Sequence[int], Sequence[float]] = ((), ())

    # What can be looked at.

    @property
    def frames(self) -> list[str]:
        """The variables that hold vectors."""
        return [name for name in variables("pandas.DataFrame") if vector_columns(value_of(name))]

    @property
    def vector_columns(self) -> list[str]:
        """The frame's columns of vectors."""
        return [] if self.frame is None else vector_columns(self.frame)

    @property
    def other_columns(self) -> list[str]:
        """The frame's columns to colour by."""
        if self.frame is None:
            return []
        vectors = set(self.vector_columns)
        return [name for name in map(str, self.frame.columns) if name not in vectors]

    def look(self, **chosen: Any) -> None:
        """Look at another frame, column or colour: ``name``, ``column``, ``color``; or anew."""
        for what, value in chosen.items():
            setattr(self, what, value)
        if "name" in chosen:
            self.column, self.color = USUAL, None
        self.renew(MAP, self._look)

    def _look(self, caller: Caller) -> None:  # noqa: ARG002 - nothing is asked
        names = self.frames
        if not self.name:
            if not names:
                raise OptionError(
                    "No variable holds vectors", hint="make some: %embed -o vectors df.text"
                )
            self.name = names[0]
        frame = value_of(self.name)
        found = vector_columns(frame)
        if not found:
            raise OptionError(
                f"{self.name} holds no vectors", hint=f"%embed -o vectors {self.name}.COLUMN"
            )
        if self.column not in found:
            self.column = found[0]
        if self.color is not None and self.color not in frame.columns:
            self.color = None
        if self._of[0] is not frame or self._of[1] != self.column:
            projected = project(frame, self.column, None)
            with self.lock:
                self.frame, self.projected = frame, projected
                self._of = (frame, self.column)
                self.window, self.lassoed, self.listed = None, None, "all"
                self._nearest = ((), ())
        self._paint_map()

    def _paint_map(self) -> None:
        if self.projected is None:
            return
        projected, frame, color, window = self.projected, self.frame, self.color, self.window
        if self.draws:
            self.plot = plot_html(
                lambda ax: draw_marked(
                    ax, projected, frame, color, ringed=self._nearest[0], window=window
                ),
                about=f"map of the vectors of {self.name}",
                inches=INCHES,
            )
        notes = [f"{len(self.projected.places):,} points", *self.projected.notes]
        if self.listed == "nearest":
            notes.append(f"{len(self.places)} nearest, {'ringed' if self.draws else 'marked'}")
        if self.is_selecting:
            notes.append(f"{len(self.selected):,} selected")
        self.status = " · ".join(filter(None, [self.status, *notes]))

    # Searching.

    def search(self, query: str | None = None) -> None:
        """List the rows nearest to a question, and ring them on the map."""
        if query is not None:
            self.query = query
        asked = self.query.strip()

        def search(caller: Caller) -> None:
            if self.frame is None:
                raise OptionError("There is no frame to search in", hint="choose one")
            # Rows are found again by where they stand, whatever the index holds.
            counted = self.frame.set_axis(range(len(self.frame)), axis=0)
            found = default_session().find(
                counted, asked, k=self.k, column=self.column, caller=caller
            )
            assert found.asked is not None
            with self.lock:
                self._nearest = (
                    [int(place) for place in found.rows.index],
                    [float(score) for score in found.rows["score"]],
                )
                self.listed = "nearest"
            cost = found.asked["neb_cost"].sum(skipna=False)
            self.status = usd(float(cost)) + " for the question"
            self._paint_map()

        self.renew(SEARCH_WORDS, search)

    def forget_search(self) -> None:
        """Take the rings away."""
        with self.lock:
            self.query, self._nearest = "", ((), ())
            self.listed = "selected" if self.is_selecting else "all"
        self.renew(MAP, lambda _: self._paint_map())

    # Selecting.

    @property
    def is_selecting(self) -> bool:
        """Whether rows are selected, even if there are none in what selects them."""
        return self.window is not None or self.lassoed is not None

    @property
    def extent(self) -> Window:
        """The rectangle that holds every point, with a little room."""
        return (0.0, 1.0, 0.0, 1.0) if self.projected is None else extent_of(self.projected)

    def select(self, window: Window | None) -> None:
        """Select the rows whose points stand in a rectangle; None lets go."""
        with self.lock:
            self.window, self.lassoed = window, None
            self.listed = "all" if window is None else "selected"
        self.renew(MAP, lambda _: self._paint_map())

    def lasso(self, points: Sequence[int]) -> None:
        """Select the rows of some points, by their numbers on the map; none lets go."""
        with self.lock:
            places = () if self.projected is None else self.projected.places
            self.window, self.lassoed = (
                None,
                tuple(sorted(int(places[at]) for at in points)) or None,
            )
            self.listed = "selected" if self.lassoed else "all"
        self.renew(MAP, lambda _: self._paint_map())

    @property
    def selected(self) -> list[int]:
        """The positions of the rows in the rectangle or the lasso."""
        if self.lassoed is not None:
            return [*self.lassoed]
        if self.projected is None or self.window is None:
            return []
        left, right, bottom, top = self.window
        x, y = self.projected.points.T
        inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
        return [int(self.projected.places[at]) for at in inside.nonzero()[0]]

    def choose_list(self, listed: Listed) -> None:
        """Show all rows, the nearest or the selected ones in the list."""
        self.listed = listed
        self.changed()

    @property
    def places(self) -> list[int]:
        """The positions of the rows that stand in the list."""
        if self.listed == "nearest":
            return [*self._nearest[0]]
        if self.listed == "selected":
            return self.selected
        return [] if self.projected is None else [int(at) for at in self.projected.places]

    @property
    def rows(self) -> pd.DataFrame | None:
        """The rows that stand in the list, whole; the nearest ones with their ``score``."""
        if self.frame is None:
            return None
        rows = self.frame.iloc[self.places]
        if self.listed == "nearest":
            rows = rows.assign(score=[*self._nearest[1]])
            rows.attrs = dict(self.frame.attrs)
        return rows

    @property
    def table(self) -> pd.DataFrame | None:
        """What people read of these rows."""
        rows = self.rows
        if rows is None:
            return None
        names = [name for name in self.other_columns if not name.startswith("neb_")][:COLUMNS]
        if self.color and self.color not in names:
            names.append(self.color)
        if self.listed == "nearest" and "score" not in names:
            names.insert(0, "score")
        return rows[names] if names else rows.iloc[:, :0].assign(row=range(len(rows)))

    def put(self, name: str | None = None) -> None:
        """Put the rows that stand in the list into a variable."""

        def put() -> None:
            self.out = check_name(self.out if name is None else name)
            rows = self.rows
            if rows is None:
                raise OptionError("There are no rows yet", hint="choose a frame")
            if self.out == self.name:
                raise OptionError(
                    f"The rows cannot be put into {self.out}", why="that is the frame they are of"
                )
            bind(self.out, rows.copy(deep=False))
            self.status = f"{self.out}: {len(rows):,} rows"

        self.attempt(put)

    def to_cell(self) -> str:
        """Write the cell that finds the same rows."""
        if not self.query.strip():
            raise OptionError("There is no question yet", hint="search for something first")
        return SEARCH.to_cell(
            SearchOptions(
                query=self.query.strip(),
                frame=self.name,
                k=None if self.k == 5 else self.k,  # noqa: PLR2004 - the flag's own default
                column=None if self.column == USUAL else self.column,
                out=self.out if self.listed == "nearest" else None,
            )
        )
