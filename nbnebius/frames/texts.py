"""A column of texts that grows: what has come is put away as pandas keeps it, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PART = 2**15  # texts; Python's own objects take several times the memory of a column's


class Texts:
    """
    Texts on their way into a column.

    Lists of Python's texts would hold a large file twice over; so only one part of them is ever
    there.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._values: list[str | None] = []

    def append(self, text: str | None) -> None:
        """Add one; None is missing."""
        self._values.append(text)
        if len(self._values) >= PART:
            self._put_away()

    def extend(self, texts: Iterable[str | None]) -> None:
        """Add several."""
        self._values.extend(texts)
        if len(self._values) >= PART:
            self._put_away()

    def column(self) -> Any:
        """Give them all as an array of dtype ``string``; what was gathered is let go."""
        import pandas as pd

        self._put_away()
        parts, self._parts = self._parts, []
        if len(parts) == 1:
            return parts[0].array
        return pd.concat(parts, ignore_index=True).array

    def _put_away(self) -> None:
        import pandas as pd

        if self._values or not self._parts:
            self._parts.append(pd.Series(self._values, dtype="string"))
            self._values.clear()
