"""What was spent, by day and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.errors import OptionError
from nbnebius.plots.reading import small

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Okabe and Ito's colours: told apart with any colour vision; the grey is for all others.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
OTHERS = "#999999"
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")
MOST_TICKS = 8
LINE = 0.08  # of the height that one line of the legend takes
NEEDED = ("time", "model", "cost")


def usage(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """
    Draw USD per day (UTC), stacked by model, the dearest at the bottom.

    Parameters
    ----------
    frame
        What `nbnebius.usage()` gave: a row per call, with ``time``, ``model`` and ``cost``.
    ax
        Where to draw; a figure of its own if left out.

    Raises
    ------
    OptionError
        The frame has no such columns.
    """
    import pandas as pd

    if lacking := [name for name in NEEDED if name not in frame.columns]:
        raise OptionError(
            f"This frame has no column {lacking[0]!r}",
            hint="plot.usage takes what usage() gives, without by",
        )
    if ax is None:
        from matplotlib import pyplot as plt

        _, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
    table = pd.pivot_table(
        pd.DataFrame(
            {
                "day": frame["time"].dt.floor("D").dt.tz_localize(None),
                "model": frame["model"].astype(str),
                "cost": frame["cost"].fillna(0.0),
            }
        ),
        index="day",
        columns="model",
        values="cost",
        aggfunc="sum",
        fill_value=0.0,
    )
    costs = table.loc[:, table.sum() > 0]
    money = "USD of play money" if frame.attrs.get("play_money") else "USD"
    ax.set_ylabel(f"cost per day ({money})")
    ax.set_xlabel("day (UTC)")
    if costs.empty:
        ax.text(0.5, 0.5, "nothing was spent", ha="center", va="center", transform=ax.transAxes)
        ax.set_xticks([])
    else:
        _bars(ax, costs)
    ax.set_ylim(bottom=0)
    return ax


def _bars(ax: Axes, costs: pd.DataFrame) -> None:
    import pandas as pd

    days = pd.DatetimeIndex(costs.index)
    places = (days - days[0]).days.to_numpy()
    dearest = list(costs.sum().sort_values(ascending=False).index)
    shown = dearest[: len(COLOURS)]
    stacks = [
        (name, costs[name], colour, hatch)
        for name, colour, hatch in zip(shown, COLOURS, HATCHES, strict=False)
    ]
    if rest := dearest[len(COLOURS) :]:
        stacks.append((f"{len(rest)} others", costs[rest].sum(axis=1), OTHERS, ""))
    bottom = costs.sum(axis=1) * 0.0
    for name, values, colour, hatch in stacks:
        ax.bar(
            places,
            values.to_numpy(),
            bottom=bottom.to_numpy(),
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.5,
            label=f"{name} ({small(values.sum(), 4)} USD)",
        )
        bottom = bottom + values
    step = max(1, -(-int(places[-1] + 1) // MOST_TICKS))
    ticks = range(0, int(places[-1]) + 1, step)
    ax.set_xticks(list(ticks), [f"{days[0] + pd.Timedelta(days=n):%d %b}" for n in ticks])
    ax.set_xlim(-1, int(places[-1]) + 1)
    ax.set_xlabel(f"day (UTC), {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}")
    ax.ticklabel_format(axis="y", style="plain", useOffset=False)
    # Above all bars, so that nothing is read on top of a colour.
    ax.set_ylim(top=float(bottom.max()) / (1 - LINE * (len(stacks) + 0.5)))
    ax.legend(fontsize="small", frameon=False, loc="upper left")
