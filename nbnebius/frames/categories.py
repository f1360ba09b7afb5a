"""A column of few words: the known ones first, then what else occurs."""

from __future__ import annotations

from array import array
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
    import pandas as pd

    codes = Codes(known)
    codes.extend(value if isinstance(value, str) else None for value in values)
    return pd.Series(codes.column(), index=index)


class Codes:
    """
    Words on their way into a column of categories, each a number by now.

    Parameters
    ----------
    known
        The categories that are always there, in this order; words beyond them follow.
    """

    def __init__(self, known: Sequence[str]) -> None:
        self._codes = _Numbered((word, code) for code, word in enumerate(known))
        self._numbers = array("i")

    def extend(self, words: Iterable[str | None]) -> None:
        """Add several; None is missing."""
        self._numbers.extend(map(self._codes.__getitem__, words))

    def column(self) -> pd.Categorical:
        """Give them all."""
        import numpy as np
        import pandas as pd

        words = pd.Index(list(self._codes), dtype="str")
        return pd.Categorical.from_codes(np.array(self._numbers), categories=words)


class _Numbered(dict[str | None, int]):
    """Numbers of words, in the order in which they are first asked for; that of None is -1."""

    def __missing__(self, word: str | None) -> int:
        if word is None:
            return -1
        return self.setdefault(word, len(self))
