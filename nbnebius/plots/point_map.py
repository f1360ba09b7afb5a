"""`plot.vectors`: a frame's vectors as points of a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.plots.colours import draw_points
from nbnebius.plots.projection import principal, umap
from nbnebius.plots.reading import check_frame, new_axes, places_of_vectors, short, vectors_at

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

SHOWN = 20_000  # points; more only cover each other
LABELLED = 40  # labels that can be read beside each other
LABEL = 32  # characters of one
SIZE = 8  # points of its type


def vectors(
    frame: Any,
    *,
    column: str = "embedding",
    color: str | None = None,
    method: str | None = None,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """
    Draw vectors as points: what is near in meaning stands near.

    Parameters
    ----------
    frame
        What `embed` gave. Rows without a vector are left out; of more than 20,000 rows, that many
        are drawn, always the same ones.
    column
        The column of vectors.
    color
        A column to colour the points by: names get a legend, numbers a colour bar.
    method
        ``"pca"`` (also where left out; the axes say how much of the variance they show), or
        ``"umap"``, which needs the package ``umap-learn``.
    label
        A column that is written beside the points; only where it has room, and at most 40.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    OptionError
        No such column, no vectors, or no such method.
    """
    import numpy as np

    check_frame(frame, column, color, label)
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
        points, names = umap(found), ("UMAP 1", "UMAP 2")
    else:
        points, parts = principal(found)
        names = (
            f"component 1 ({parts[0]:.0%} of the variance)",
            f"component 2 ({parts[1]:.0%} of the variance)",
        )
    ax = new_axes(ax, 7.0 if color is None else 8.0, 5.0)
    rows = frame.iloc[places]
    draw_points(ax, points, None if color is None else rows[color], str(color))
    ax.set(xlabel=names[0], ylabel=names[1])
    ax.spines[["top", "right"]].set_visible(False)
    notes = [f"{len(places):,} of {count:,} rows"] if len(places) < count else []
    if label is not None:
        written = _write_labels(ax, points, [short(one, LABEL) for one in rows[label]])
        if written < len(places):
            notes.append(f"{written} labels, where they have room")
    if notes:
        ax.set_title(", ".join(notes), fontsize="small", loc="left")
    return ax


def _write_labels(ax: Axes, points: NDArray[np.float64], texts: list[str]) -> int:
    """Write labels beside points, each where none stands yet; give how many."""
    import numpy as np

    whole: Figure = ax.figure.figure  # of a subfigure, the figure it is in
    whole.draw_without_rendering()  # the layout settles where the points are
    per_point = whole.dpi / 72
    places = ax.transData.transform(points)
    widths = np.array([len(text) for text in texts]) * SIZE * 0.6 * per_point
    height = SIZE * 1.3 * per_point
    taken: list[int] = []
    for place in range(len(texts)):
        x, y = places[place]
        others = places[taken]
        beside = (others[:, 0] > x + widths[place]) | (others[:, 0] + widths[taken] < x)
        if (beside | (np.abs(others[:, 1] - y) > height)).all():
            taken.append(place)
            ax.annotate(
                texts[place], points[place], (4, -3), textcoords="offset points", fontsize=SIZE
            )
        if len(taken) == LABELLED:
            break
    return len(taken)
