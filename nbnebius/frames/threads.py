"""Threads, and the turns of one, as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

THREADS = {
    "name": "string",
    "turns": "Int64",
    "stale": "Int64",
    "gone": "Int64",
    "private": "Int64",
    "model": "string",
    "tokens": "Int64",
    "cost": "float64",
    "asked": "datetime64[us, UTC]",
}
TURNS = {
    "turn": "Int64",
    "question": "string",
    "answer": "string",
    "state": "string",
    "stale": "bool",
    "private": "bool",
    "model": "string",
    "tokens": "Int64",
    "cost": "float64",
    "asked": "datetime64[us, UTC]",
}


def threads_frame(rows: Sequence[Any]) -> pd.DataFrame:
    """
    Give threads as a frame, in the order given.

    Parameters
    ----------
    rows
        Records with the columns' names as attributes.

    Returns
    -------
    DataFrame
        ``name`` (str; "notebook" is this notebook's own), ``turns`` and how many of them are
        ``stale``, ``gone`` (purged) and ``private`` (in memory only) (Int64), the last turn's
        ``model`` (str), ``tokens`` (Int64) and ``cost`` (float64, USD) of all its calls, those of
        replaced turns included, ``asked`` (datetime64[us, UTC]: when last).
    """
    return _frame(rows, THREADS)


def turns_frame(rows: Sequence[Any]) -> pd.DataFrame:
    """
    Give the turns of one thread as a frame, in order.

    Returns
    -------
    DataFrame
        ``turn`` (Int64, from 1), ``question, answer`` (str, missing where purged), ``state`` (str:
        done, partial or gone), ``stale, private`` (bool), ``model`` (str), ``tokens`` (Int64),
        ``cost`` (float64, USD), ``asked`` (datetime64[us, UTC]).
    """
    return _frame(rows, TURNS)


def _frame(rows: Sequence[Any], dtypes: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    made = {
        name: column([getattr(row, name) for row in rows], dtype) for name, dtype in dtypes.items()
    }
    return pd.DataFrame(made, columns=list(dtypes))
