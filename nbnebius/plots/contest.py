"""`plot.compare`: how fast several models answered, and for how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.plots.colours import PALETTE
from nbnebius.plots.reading import check_frame, new_axes, short, small

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A column, and what it is called with its unit.
FIGURES = (
    ("first_token_seconds", "first token (s)"),
    ("tokens_per_second", "tokens per second"),
    ("answer_cost", "cost (USD)"),
)
TITLE = 0.28  # inches of the panels' titles
LABEL = 26  # characters of a model's name
HEIGHT = 0.42  # inches of a model's row
MOST = 30
GAP = 0.07  # of the width, between two panels


def compare(frame: Any, *, ax: Axes | None = None) -> Axes:
    """
    Draw a comparison: a row per model; seconds to the first token, tokens per second, USD.

    Parameters
    ----------
    frame
        What `nbnebius.compare` gave, at most 30 rows of it.
    ax
        Where to draw; a new figure if left out. The three panels stand inside it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes around the panels, which are its ``child_axes``. What is unknown (as the time to
        the first token of a kept answer) has no bar, and says so.

    Raises
    ------
    OptionError
        No such columns, no rows, or more than can be read.
    """
    check_frame(frame, "model", *(name for name, _ in FIGURES), made_by="nbnebius.compare")
    count = len(frame)
    if not 0 < count <= MOST:
        raise OptionError(f"{count} rows cannot be drawn", why=f"it takes 1 to {MOST}")
    ax = new_axes(ax, 7.0, 1.0 + HEIGHT * count)
    ax.set_axis_off()
    names = [short(str(model).rpartition("/")[2], LABEL) for model in frame["model"]]
    # The names stand inside the axes, left of the first panel.
    left = min(0.34, 0.02 + 0.0115 * max(map(len, names)))
    width = (1 - left - GAP * (len(FIGURES) - 1)) / len(FIGURES)
    inches = ax.get_position().height * ax.figure.figure.get_figheight()
    height = max(0.5, 1 - TITLE / inches)  # what stands above is the user's own title
    for place, (column, title) in enumerate(FIGURES):
        panel = ax.inset_axes((left + place * (width + GAP), 0.0, width, height))
        values = frame[column].astype("Float64").to_numpy(float, na_value=float("nan"))
        _bars(panel, values, PALETTE[place])
        panel.set_title(title, fontsize="small", loc="left")
        panel.set_yticks(range(count), names if not place else [], fontsize="small")
        panel.set_ylim(count - 0.4, -0.6)
    return ax


def _bars(panel: Axes, values: Any, colour: str) -> None:
    import numpy as np

    known = np.nan_to_num(values, nan=0.0)
    panel.barh(range(len(values)), known, height=0.62, color=colour)
    widest = float(known.max())
    panel.set_xlim(0, widest * 1.7 if widest else 1.0)  # room for the numbers
    panel.set_xticks([])
    panel.spines[["top", "right", "bottom"]].set_visible(False)
    panel.tick_params(length=0)
    for row, value in enumerate(values):
        text = "unknown" if np.isnan(value) else small(value)
        panel.annotate(
            text,
            (known[row], row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            color="#666666" if text == "unknown" else "black",
        )
