"""The rows of a frame, as a job reads them: in slices, so that a million take no room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

SLICE = 5_000
SEED = 0  # a sample is the same each time, so that its answers are found again


def as_frame(given: Any) -> pd.DataFrame:
    """
    Give rows as a frame of pandas.

    Parameters
    ----------
    given
        A frame (pandas, or one that can become it), a Series, or a list of texts.

    Raises
    ------
    OptionError
        It is none of these, is empty, or two of its columns have one name.
    """
    import pandas as pd

    if hasattr(given, "map_partitions") and not hasattr(given, "to_pandas"):
        raise OptionError(
            "A Dask frame is asked lazily, by the function",
            hint="nbnebius.map(frame, prompt, ...), or .compute() it first",
        )
    if hasattr(given, "to_pandas") and not isinstance(given, pd.DataFrame | pd.Series):
        given = given.to_pandas()
    if isinstance(given, pd.Series):
        given = given.to_frame("text" if given.name is None else str(given.name))
    elif isinstance(given, list | tuple):
        given = pd.DataFrame({"text": pd.Series(list(given), dtype="object")})
    if not isinstance(given, pd.DataFrame):
        raise OptionError(
            f"A {type(given).__name__} has no rows to ask about",
            hint="give a DataFrame, a Series, or a list of texts (their column is {text})",
        )
    if not len(given):
        raise OptionError("The frame is empty", why="there is no row to ask about")
    names = [str(name) for name in given.columns]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise OptionError(f"The frame has more than one column named {double[0]!r}")
    return given


def sampled(frame: pd.DataFrame, count: int | None) -> pd.DataFrame:
    """
    Take some rows at random, in their order; always the same ones.

    Raises
    ------
    OptionError
        `count` is no whole number above 0.
    """
    if count is None:
        return frame
    if isinstance(count, bool) or not hasattr(count, "__index__") or count < 1:
        raise OptionError(f"sample cannot be {count!r}", why="it takes a number of rows")
    if count >= len(frame):
        return frame
    import numpy as np

    rows = np.random.default_rng(SEED).choice(len(frame), size=int(count), replace=False)
    return frame.iloc[np.sort(rows)]


class FrameRows:
    """
    The rows of a frame: a `Source`.

    Parameters
    ----------
    frame
        The frame; what it holds now is what is read, whatever happens to it later.
    columns
        The names of the columns that are read.
    """

    def __init__(self, frame: pd.DataFrame, columns: Sequence[str]) -> None:
        by_name = {str(name): place for place, name in enumerate(frame.columns)}
        self._series = [frame.iloc[:, by_name[name]].copy() for name in columns]
        self._count = len(frame)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._count

    def rows(self) -> Iterator[Sequence[Any]]:
        """Give each row's values, None where one is missing."""
        for start in range(0, self._count, SLICE):
            parts = []
            for series in self._series:
                part = series.iloc[start : start + SLICE]
                missing = part.isna()
                values = part.tolist()
                if missing.any():
                    gone = missing.tolist()
                    values = [
                        None if none else value for value, none in zip(values, gone, strict=True)
                    ]
                parts.append(values)
            yield from zip(*parts, strict=True)
