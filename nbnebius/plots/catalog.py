"""`plot.models`: what models cost, against how much they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.plots.colours import MARKERS, PALETTE
from nbnebius.plots.labels import write_labels
from nbnebius.plots.reading import check_frame, new_axes, short

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LABEL = 34  # characters of a model's name
PRICES = {
    "price_in": "USD per million input tokens",
    "price_out": "USD per million output tokens",
    "price_image": "USD per image",
}
ROOM = 2.6  # the widest context stands so many times from the right edge, so that its name fits


def models(frame: Any, *, price: str | None = None, ax: Axes | None = None) -> Axes:
    """
    Draw models: price against context, both on scales of powers, with names where they have room.

    Parameters
    ----------
    frame
        What `nbnebius.models` gave, or a part of it. Models without that price, or without a
        context, are left out, and so are those that cost nothing; the title says how many.
    price
        ``price_out`` (USD per million tokens written), ``price_in`` (read), or ``price_image``;
        left out: the first of these that two models have.
    ax
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    OptionError
        No such column, or no model with a price and a context.
    """
    check_frame(frame, "id", "type", "context", price, made_by="nbnebius.models()")
    if price is not None and price not in PRICES:
        raise OptionError(f"price cannot be {price!r}", why="it takes " + ", ".join(PRICES))
    chosen = price or next(
        (
            name
            for name in ("price_out", "price_in", "price_image")
            if len(_drawable(frame, name)) > 1
        ),
        "price_out",
    )
    shown = _drawable(frame, chosen)
    if not len(shown):
        raise OptionError(
            f"No model here has {chosen} and a context", hint="give more of nbnebius.models()"
        )
    from matplotlib.ticker import LogLocator, NullFormatter

    ax = new_axes(ax, 7.0, 4.5)
    kinds = list(dict.fromkeys(shown["type"].astype(str)))
    for place, kind in enumerate(kinds):
        part = shown[shown["type"].astype(str) == kind]
        ax.scatter(
            part["context"],
            part[chosen],
            s=32,
            color=PALETTE[place % len(PALETTE)],
            marker=MARKERS[place % len(MARKERS)],
            linewidths=0,
            label=kind,
        )
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set(xlabel="context (tokens)", ylabel=PRICES[chosen])
    ax.set_xlim(shown["context"].min() / 1.3, shown["context"].max() * ROOM)
    ax.set_ylim(shown[chosen].min() / 1.6, shown[chosen].max() * 1.6)
    ax.xaxis.set_major_formatter(_tokens)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.grid(visible=True, alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    if len(kinds) > 1:
        ax.legend(frameon=False, fontsize="small", loc="best")
    # The dearest first: they are fewer, and their names matter more.
    spots = shown.groupby([chosen, "context"], sort=True)["id"].agg(["first", "size"])[::-1]
    names = [_name(first, size) for first, size in zip(spots["first"], spots["size"], strict=True)]
    points = spots.index.to_frame()[["context", chosen]].to_numpy(float)
    written = write_labels(ax, points, names)
    notes = []
    if len(shown) < len(frame):
        notes.append(
            f"{len(shown)} of {len(frame)} models: others tell no such price, or no context"
        )
    if written < len(names):
        notes.append(f"{written} names, where they have room")
    if notes:
        ax.set_title("; ".join(notes), fontsize="small", loc="left")
    return ax


def _drawable(frame: pd.DataFrame, price: str) -> pd.DataFrame:
    """Give the models that have a place on axes of powers of ten."""
    if price not in frame.columns:
        return frame.iloc[:0]
    numbers = frame[["context", price]].astype("float64")
    return frame[(numbers > 0).all(axis=1)].astype({"context": "float64", price: "float64"})


def _name(first: str, models: int) -> str:
    """Name a point: its first model, and how many more stand there."""
    name = short(str(first).rpartition("/")[2], LABEL)
    return name if models == 1 else f"{name} and {models - 1} more"


def _tokens(value: float, _place: float) -> str:
    """Write tokens as models' pages do: 8k, 128k, 1M; a k is 1,024."""
    for unit, name in ((1024**2, "M"), (1024, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"
