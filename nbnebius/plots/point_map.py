"""`plot.vectors`: a frame's vectors as points of a plane."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, overload

from nbnebius.errors import OptionError
from nbnebius.plots.labels import write_labels
from nbnebius.plots.projected import draw_map, project
from nbnebius.plots.reading import new_axes, short
from nbnebius.plots.scatter import VectorMap, has_scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL = 32  # characters of a label


@overload
def vectors(
    frame: Any,
    *,
    column: str = ...,
    color: str | None = ...,
    method: str | None = ...,
    label: str | None = ...,
    interactive: Literal[False] = ...,
    ax: Axes | None = ...,
) -> Axes: ...
@overload
def vectors(
    frame: Any,
    *,
    column: str = ...,
    color: str | None = ...,
    method: str | None = ...,
    label: str | None = ...,
    interactive: Literal[True],
    ax: None = ...,
) -> VectorMap | Axes: ...
def vectors(
    frame: Any,
    *,
    column: str = "embedding",
    color: str | None = None,
    method: str | None = None,
    label: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> VectorMap | Axes:
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
        A column that is written beside the points; only where it has room, and at most 40. In an
        interactive map, what shows when a point is pointed at; the first column of texts if left
        out.
    interactive
        A map to zoom, point at and lasso in: ``.selected`` is a frame of the lassoed rows. It needs
        the extra ``maps``; without it, a warning says so and the plain map is drawn.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes or VectorMap

    Raises
    ------
    OptionError
        No such column, no vectors, or no such method.
    """
    if interactive and ax is not None:
        raise OptionError("An interactive map stands in no axes", hint="leave out ax")
    projected = project(frame, column, method, color, label)
    if interactive:
        if has_scatter():
            return VectorMap(frame, projected, color=color, label=label)
        warnings.warn(
            "this is the plain map: the interactive one needs jupyter-scatter "
            '(%pip install "nbnebius[maps]")',
            stacklevel=2,
        )
        label = None
    ax = new_axes(ax, 7.0 if color is None else 8.0, 5.0)
    draw_map(ax, projected, frame, color)
    notes = projected.notes
    if label is not None:
        texts = [short(one, LABEL) for one in frame.iloc[list(projected.places)][label]]
        written = write_labels(ax, projected.points, texts)
        if written < len(texts):
            notes.append(f"{written} labels, where they have room")
    if notes:
        ax.set_title(", ".join(notes), fontsize="small", loc="left")
    return ax
