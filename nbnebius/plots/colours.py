"""Points in colours that colour-blind people tell apart, with their legend or colour bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.plots.reading import short

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# Okabe and Ito's palette, without its yellow and black, which are hard to see as points.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
MARKERS = ("o", "^", "s", "D")
GREY = "#999999"
MOST = len(PALETTE) * len(MARKERS)
NAME = 28  # characters of a name in the legend
MANY = 2_000  # points from which they are drawn as pixels, not as shapes


def draw_points(
    ax: Axes, points: NDArray[np.float64], values: pd.Series[Any] | None, title: str
) -> None:
    """Scatter points, coloured by `values`: names get a legend, numbers a colour bar."""
    import pandas as pd

    look: dict[str, Any] = {
        "s": 28 if len(points) <= 500 else 12 if len(points) <= MANY else 5,  # noqa: PLR2004 - by eye
        "alpha": 0.85 if len(points) <= MANY else 0.6,
        "linewidths": 0,
        "rasterized": len(points) > MANY,
    }
    if values is None:
        ax.scatter(points[:, 0], points[:, 1], color=PALETTE[0], **look)
    elif pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.astype("Float64").to_numpy(float, na_value=float("nan"))
        missing = numbers != numbers  # noqa: PLR0124 - only NaN differs from itself
        ax.scatter(points[missing, 0], points[missing, 1], color=GREY, **look)
        there = points[~missing]
        drawn = ax.scatter(there[:, 0], there[:, 1], c=numbers[~missing], cmap="viridis", **look)
        ax.figure.colorbar(drawn, ax=ax, label=short(title, NAME))
    else:
        _draw_names(ax, points, values, title, look)


def _draw_names(
    ax: Axes,
    points: NDArray[np.float64],
    values: pd.Series[Any],
    title: str,
    look: dict[str, Any],
) -> None:
    missing = values.isna().to_numpy()
    names = values.astype(str)
    counts = names[~missing].value_counts()
    # Categories keep their order; other names stand in that of their size.
    order = (
        [str(c) for c in values.cat.categories] if hasattr(values, "cat") else list(counts.index)
    )
    order = [name for name in order if name in counts.index]
    shown = order if len(order) <= MOST else list(counts.index[: MOST - 1])
    groups = [((names == name).to_numpy() & ~missing, name) for name in shown]
    rest = ~missing & ~names.isin(shown).to_numpy()
    handles, labels = [], []
    for place, (where, name) in enumerate(groups):
        drawn = ax.scatter(
            points[where, 0],
            points[where, 1],
            color=PALETTE[place % len(PALETTE)],
            marker=MARKERS[place // len(PALETTE)],
            **look,
        )
        handles.append(drawn)
        # A name that begins with an underscore would be left out of the legend.
        labels.append(f" {short(name, NAME)}" if name.startswith("_") else short(name, NAME))
    others = f"{len(order) - len(shown)} others"
    for where, name in ((rest, others), (missing, "missing")):
        if where.any():
            crosses = {**look, "linewidths": 1, "marker": "x", "color": GREY}
            handles.append(ax.scatter(points[where, 0], points[where, 1], **crosses))
            labels.append(name)
    ax.legend(
        handles,
        labels,
        title=short(title, NAME),
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        ncols=1 if len(labels) <= 16 else 2,  # noqa: PLR2004 - what stands beside the plot
        fontsize="small",
    )
