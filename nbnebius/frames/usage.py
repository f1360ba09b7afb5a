"""The ledger as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

ROWS = {
    "time": "datetime64[us, UTC]",
    "kind": "string",
    "model": "string",
    "service": "string",
    "state": "string",
    "tokens_in": "Int64",
    "tokens_out": "Int64",
    "images": "Int64",
    "cost": "float64",
    "cost_bound": "float64",
    "cached": "bool",
    "place": "string",
    "session": "string",
    "answers": "Int64",
    "saved": "float64",
}
SUMS = {
    "calls": "Int64",
    "reused": "Int64",
    "tokens_in": "Int64",
    "tokens_out": "Int64",
    "images": "Int64",
    "cost": "float64",
    "unpriced": "Int64",
    "possibly_paid": "Int64",
    "cost_bound": "float64",
    "saved": "float64",
}


def usage_frame(rows: Sequence[Any], *, play: bool | None) -> pd.DataFrame:
    """
    Give the ledger as a frame, a row per billed call and per reuse, in the order given.

    Parameters
    ----------
    rows
        Records with the columns' names as attributes.
    play
        Whether it is a sandbox's play money; goes to ``attrs["play_money"]``.

    Returns
    -------
    DataFrame
        ``time`` (datetime64[us, UTC]), ``kind, model, service, state`` (str; of what was shown
        again the state is "kept"), ``tokens_in, tokens_out, images`` (Int64), ``cost`` (float64,
        USD), ``cost_bound`` (float64, USD: the most a possibly paid call can have cost),
        ``cached`` (bool), ``place, session`` (str), ``answers`` (Int64) and ``saved`` (float64,
        USD) of what was shown again. What is unknown is missing, never 0.
    """
    import pandas as pd

    made = {
        name: column([getattr(row, name) for row in rows], dtype) for name, dtype in ROWS.items()
    }
    return _told(pd.DataFrame(made, columns=list(ROWS)), play)


def usage_sums_frame(sums: Sequence[Any], by: str, *, play: bool | None) -> pd.DataFrame:
    """
    Give sums of the ledger as a frame, a row per group, in the order given.

    Returns
    -------
    DataFrame
        The group under its name (a day as datetime64[us, UTC], else str), ``calls`` that were
        paid, ``reused`` answers, ``tokens_in, tokens_out, images`` (Int64), ``cost`` (float64,
        USD), ``unpriced`` calls of unknown price, ``possibly_paid`` calls and their highest USD
        ``cost_bound``, ``saved`` (float64, USD).
    """
    import pandas as pd

    groups = pd.Series([each.group for each in sums], dtype="string")
    made: dict[str, Any] = {
        by: pd.to_datetime(groups, utc=True).astype("datetime64[us, UTC]")
        if by == "day"
        else groups
    }
    for name, dtype in SUMS.items():
        made[name] = column([getattr(each, name) for each in sums], dtype)
    return _told(pd.DataFrame(made, columns=[by, *SUMS]), play)


def _told(frame: pd.DataFrame, play: bool | None) -> pd.DataFrame:
    frame.attrs["play_money"] = play
    return frame
