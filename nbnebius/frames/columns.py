"""One column of a promised dtype, whatever the values lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def column(values: Sequence[Any], dtype: str, index: Any = None) -> pd.Series[Any]:
    """
    Make a column.

    Parameters
    ----------
    values
        None where there is nothing.
    dtype
        A pandas dtype; of times, ``datetime64[us, UTC]``, which takes seconds since 1970.
    index
        The rows' index, 0 … n-1 if left out.
    """
    import pandas as pd

    if dtype.startswith("datetime64"):
        seconds = pd.Series(list(values), dtype="float64", index=index)
        return pd.to_datetime(seconds, unit="s", utc=True).astype("datetime64[us, UTC]")
    made: pd.Series[Any] = pd.Series(list(values), dtype=dtype, index=index)
    return made
