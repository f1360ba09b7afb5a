"""
Plots: a frame in, matplotlib Axes out.

One file per plot, read at its first use (PEP 562).
"""

from __future__ import annotations

from typing import Any

_HOMES = {
    "usage": "nbnebius.plots.usage",
}

__all__ = ["usage"]


def fetch(name: str) -> Any:
    """
    Give a plot by its name.

    Raises
    ------
    AttributeError
        There is none.
    """
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)


def __getattr__(name: str) -> Any:
    value = fetch(name)
    globals()[name] = value  # in place of the module of the same name
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
