"""
Plots: a frame in, matplotlib Axes out.

Each is imported when it is first used, and matplotlib with it (PEP 562). ``nbnebius.plot`` has them
all, and asks the session for what no frame was given for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# A plot's module has another name than the plot: importing it would bind its name here.
_HOMES = {
    "compare": "nbnebius.plots.contest",
    "models": "nbnebius.plots.catalog",
    "similarity": "nbnebius.plots.heat_map",
    "usage": "nbnebius.plots.spending",
    "vectors": "nbnebius.plots.point_map",
}

__all__ = ["compare", "models", "similarity", "usage", "vectors"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from nbnebius.plots.catalog import models
    from nbnebius.plots.contest import compare
    from nbnebius.plots.heat_map import similarity
    from nbnebius.plots.point_map import vectors
    from nbnebius.plots.spending import usage
