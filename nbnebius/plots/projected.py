"""A frame's vectors as points of a plane, and the plain map of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.plots.colours import draw_points
from nbnebius.plots.projection import principal, umap
from nbnebius.plots.reading import check_frame, places_of_vectors, vectors_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SHOWN = 20_000  # points; more only cover each other


@dataclass(frozen=True, slots=True)
class Projected:
    """
    Points of a plane.

    Attributes
    ----------
    points
        (n, 2) float64.
    places
        The frame's row of each point, by position.
    names
        What the two axes show.
    count
        How many rows have a vector; more than there are points where some are left out.
    """

    points: NDArray[np.float64]
    places: Sequence[int]
    names: tuple[str, str]
    count: int

    @property
    def notes(self) -> list[str]:
        """What is left out."""
        shown = len(self.places)
        return [f"{shown:,} of {self.count:,} rows"] if shown < self.count else []


def project(frame: Any, column: str, method: str | None, *columns: str | None) -> Projected:
    """
    Project the vectors of a frame that has these columns (None is none).

    Raises
    ------
    OptionError
        No such column, no vectors, or no such method.
    """
    import numpy as np

    check_frame(frame, column, *columns)
    if method not in {None, "pca", "umap"}:
        raise OptionError(f"method cannot be {method!r}", why="it takes 'pca' or 'umap'")
    places = places_of_vectors(frame, column)
    if len(places) < 2:  # noqa: PLR2004 - a point alone shows nothing
        raise OptionError(
            f"There are {len(places)} vectors in {column!r}", why="a map needs two or more"
        )
    count = len(places)
    if count > SHOWN:
        chosen = np.random.default_rng(0).choice(count, SHOWN, replace=False)
        places = [places[one] for one in np.sort(chosen)]
    found = vectors_at(frame, column, places)
    if method == "umap":
        return Projected(umap(found), places, ("UMAP 1", "UMAP 2"), count)
    points, parts = principal(found)
    names = (
        f"component 1 ({parts[0]:.0%} of the variance)",
        f"component 2 ({parts[1]:.0%} of the variance)",
    )
    return Projected(points, places, names, count)


def draw_map(ax: Axes, projected: Projected, frame: Any, color: str | None) -> None:
    """Draw the points, coloured by a column (None: all alike), with their axes' names."""
    rows = frame.iloc[list(projected.places)]
    draw_points(ax, projected.points, None if color is None else rows[color], str(color))
    ax.set(xlabel=projected.names[0], ylabel=projected.names[1])
    ax.spines[["top", "right"]].set_visible(False)
