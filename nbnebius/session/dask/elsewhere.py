"""A partition that goes on with another journal than the one it was begun with."""

from __future__ import annotations

import warnings

from nbnebius.session.dask.worker import journal_place


def warn_of_another_journal(before: str) -> None:
    """Say, here and to whoever computes, that kept answers may be out of reach."""
    text = (
        f"A partition was begun with the journal at {before} and goes on with the one at "
        f"{journal_place()}: what is not kept here is asked, and bought again where it is kept "
        "there. Nothing there is lost."
    )
    try:
        from distributed import warn
    except ImportError:
        warnings.warn(text, stacklevel=2)
    else:
        warn(text)
