"""`plot.similarity`: how near each row is to each other one, as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.plots.reading import check_frame, new_axes, places_of_vectors, short, vectors_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 60  # rows whose labels can still be read
WRITTEN = 12  # rows up to which the numbers are written into the cells
LABEL = 32  # characters of a row's label


def similarity(
    frame: Any, *, column: str = "embedding", label: str | None = None, ax: Axes | None = None
) -> Axes:
    """
    Draw the cosine between each two rows' vectors.

    Parameters
    ----------
    frame
        What `embed` gave, at most 60 rows of it. Rows without a vector are left out.
    column
        The column of vectors.
    label
        A column that names the rows; the index if left out.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    OptionError
        No such column, no vectors, or more rows than can be read.
    """
    import numpy as np

    check_frame(frame, column, label)
    places = places_of_vectors(frame, column)
    if not places:
        raise OptionError(f"There are no vectors in {column!r}", hint="plot what embed gives")
    if len(places) > MOST:
        raise OptionError(
            f"{len(places):,} rows are too many for a heat map",
            why=f"its labels can be read up to {MOST}",
            hint=f"give a part, as frame.sample({MOST}, random_state=0), or use plot.vectors",
        )
    found = vectors_at(frame, column, places).astype(np.float64)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    found = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
    cosines = np.clip(found @ found.T, -1.0, 1.0)
    named = frame.index if label is None else frame[label]
    names = [short(named[one] if label is None else named.iloc[one], LABEL) for one in places]
    side = min(9.0, 2.5 + 0.3 * len(places))
    ax = new_axes(ax, side + 1.6, side)
    image = ax.imshow(cosines, cmap="viridis", vmin=min(0.0, float(cosines.min())), vmax=1.0)
    ax.figure.colorbar(image, ax=ax, label="cosine", shrink=0.8)
    size = 9 if len(places) <= 25 else 6  # noqa: PLR2004 - by eye
    ticks = range(len(places))
    ax.set_xticks(ticks, names, rotation=45, ha="right", rotation_mode="anchor", fontsize=size)
    ax.set_yticks(ticks, names, fontsize=size)
    if len(places) <= WRITTEN:
        for row in ticks:
            for other in ticks:
                value = cosines[row, other]
                dark = value < 0.6  # noqa: PLR2004 - where white is read better
                ax.text(
                    other,
                    row,
                    f"{value:.2f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if dark else "black",
                )
    return ax
