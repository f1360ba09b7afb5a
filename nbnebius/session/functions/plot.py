"""
`nbnebius.plot`: the plots of `nbnebius.plots`, and `usage` with the session's own ledger.

A plot knows frames only; here stands what must be asked of the session first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius import plots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from nbnebius.plots import compare, models, similarity, vectors

__all__ = ["compare", "models", "similarity", "usage", "vectors"]


def usage(frame: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw what was spent; see `nbnebius.plots.spending.usage`. Without a frame: all there is."""
    if frame is None:
        from nbnebius.session.default import default_session

        frame = default_session().usage()
    return plots.usage(frame, ax=ax)


def __getattr__(name: str) -> Any:
    return getattr(plots, name)


def __dir__() -> list[str]:
    return dir(plots)
