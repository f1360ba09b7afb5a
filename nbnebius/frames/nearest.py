"""The rows that a search found, with their scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def nearest_rows(
    frame: pd.DataFrame, found: Sequence[tuple[Any, Any]], queries: Sequence[str] | None = None
) -> pd.DataFrame:
    """
    Take the found rows out of a frame; index, columns and ``attrs`` stay.

    Parameters
    ----------
    found
        For each question, positions of rows and their cosines, best first.
    queries
        The questions, where they should stand beside the rows.

    Returns
    -------
    DataFrame
        The rows, then ``query`` (str, where asked for) and ``score`` (float64, -1 to 1).
    """
    import numpy as np

    rows = frame.iloc[np.concatenate([places for places, _ in found])].copy(deep=False)
    if queries is not None:
        counts = [len(places) for places, _ in found]
        rows["query"] = np.repeat(np.array(queries, dtype=object), counts)
    rows["score"] = np.concatenate([scores for _, scores in found]).astype(np.float64)
    rows.attrs = dict(frame.attrs)
    return rows
