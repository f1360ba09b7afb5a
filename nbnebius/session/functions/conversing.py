"""`threads`, the twin of ``%nebius threads``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.session.default import default_session

if TYPE_CHECKING:
    import pandas as pd


def threads(thread: str | None = None) -> pd.DataFrame:
    """
    List the threads of the session's service, or the turns of one; nothing is asked or paid.

    Parameters
    ----------
    thread
        A thread's name; ``"notebook"`` is the notebook's own.

    Returns
    -------
    DataFrame
        A row per thread, the one that was asked last first, or a row per turn: see
        `nbnebius.frames.threads`. Costs are in USD, what is unknown is missing.

    Raises
    ------
    OptionError
        There is no such thread.
    """
    session = default_session()
    return session.thread_table() if thread is None else session.turn_table(thread)
