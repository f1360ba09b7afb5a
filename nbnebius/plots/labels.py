"""Texts beside points, each where it has room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

LABELLED = 40  # labels that can be read beside each other
SIZE = 8  # points of their type


def write_labels(ax: Axes, points: NDArray[np.float64], texts: Sequence[str]) -> int:
    """
    Write labels beside points, each where none stands yet; give how many.

    Parameters
    ----------
    ax
        The axes, with their limits and scales settled.
    points
        (n, 2), in the axes' own units.
    texts
        One for each point.
    """
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
