"""A column of few words: the known ones first, then what else occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd


def category(values: Iterable[Any], known: Sequence[str], index: Any = None) -> pd.Series[Any]:
    """
    Make a column of categories.

    Parameters
    ----------
    values
        Words; what is no text is missing.
    known
        The categories that are always there, in this order; words beyond them follow.
    index
        The rows' index, 0 … n-1 if left out.
    """
    import numpy as np
    import pandas as pd

    codes = {word: code for code, word in enumerate(known)}
    numbers = np.fromiter(
        (codes.setdefault(one, len(codes)) if isinstance(one, str) else -1 for one in values),
        np.int32,
    )
    made = pd.Categorical.from_codes(numbers, categories=pd.Index(list(codes), dtype="str"))
    return pd.Series(made, index=index)
