"""The map as it is drawn, and which columns hold vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nbnebius.plots.projected import draw_map
from nbnebius.plots.reading import places_of_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from nbnebius.plots.projected import Projected

RANKED: Final = 20  # rings that get a number
LOOKED_AT: Final = 20  # rows by which a column of vectors is known
LOOKED_AMONG: Final = 10_000  # rows that are looked through for these

Window = tuple[float, float, float, float]
"""Left, right, bottom and top of a rectangle, in the map's units."""


def draw_marked(
    ax: Axes,
    projected: Projected,
    frame: Any,
    color: str | None,
    *,
    ringed: Sequence[int],
    window: Window | None,
) -> None:
    """
    Draw a map with marks.

    Parameters
    ----------
    ringed
        Positions of rows that get a ring and their rank, the first is 1.
    window
        The rectangle that is drawn; None draws none.
    """
    from matplotlib.patches import Rectangle

    draw_map(ax, projected, frame, color)
    point_of = {place: point for point, place in enumerate(projected.places)}
    for rank, place in enumerate(ringed, 1):
        if place in point_of:
            x, y = projected.points[point_of[place]]
            ax.scatter([x], [y], s=110, facecolors="none", edgecolors="#000", zorder=3)
            if rank <= RANKED:
                ax.annotate(
                    str(rank), (x, y), (6, 5), textcoords="offset points", fontsize=9, zorder=4
                )
    if window is not None:
        left, right, bottom, top = window
        ax.add_patch(
            Rectangle(
                (left, bottom),
                right - left,
                top - bottom,
                fill=False,
                linestyle="--",
                edgecolor="#333",
            )
        )


def extent_of(projected: Projected) -> Window:
    """Give the rectangle that holds every point, with a little room."""
    low, high = projected.points.min(axis=0), projected.points.max(axis=0)
    room = [(upper - lower) * 0.01 or 1.0 for lower, upper in zip(low, high, strict=True)]
    return (
        float(low[0] - room[0]),
        float(high[0] + room[0]),
        float(low[1] - room[1]),
        float(high[1] + room[1]),
    )


def vector_columns(frame: Any) -> list[str]:
    """List the columns whose rows are vectors, by the first rows that hold anything."""
    found = []
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if column.dtype == object and isinstance(name, str):
            first = column.iloc[:LOOKED_AMONG]  # a frame may be long, and there may be many
            some = first[first.notna()].head(LOOKED_AT)
            if len(some) and len(places_of_vectors(some.to_frame(name), name)) == len(some):
                found.append(name)
    return found
