"""The rows of one table of a damaged file: all that SQLite can still reach, each once."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNREADABLE = (sqlite3.Error, OverflowError, MemoryError, UnicodeError)
LEAST_ROW = 16  # bytes; so a file has no more rows than its size divided by this
HIGHEST = 10**10  # no number of a row that was ever given is larger
FURTHER = 20_000  # how many numbers behind the last readable row are still asked for


def table_rows(source: sqlite3.Connection, table: str, most: int) -> Iterator[dict[str, Any]]:
    """
    Give what can be read of a table, as rows by column; of a table that is gone, nothing.

    It is read from the front up to the damage, from the back down to it, and between the two by
    number, row for row; where both ways met no damage, there is nothing between them.

    Parameters
    ----------
    most
        How many rows there can be at most; a circle of broken pages ends there.
    """
    try:
        names = [name for _, name, *_ in source.execute(f"PRAGMA table_info({table})")]
    except UNREADABLE:
        return
    if not names:
        return
    select = f"SELECT rowid, {','.join(names)} FROM {table}"  # noqa: S608 - our own table and its columns
    seen: set[int] = set()
    ends: list[int] = []
    breaks: list[Exception] = []
    for order in ("ASC", "DESC"):
        last = 0
        for number, *values in _run(source, f"{select} ORDER BY rowid {order}", most, breaks):
            if 0 < number < HIGHEST and number not in seen:
                last = number
                seen.add(number)
                yield dict(zip(names, values, strict=True))
        ends.append(last)
    if not breaks:
        return
    first, last = ends[0], ends[1] or ends[0] + FURTHER
    for number in range(max(first, 0) + 1, min(last, first + most + FURTHER)):
        if number not in seen:
            for _, *values in _run(source, f"{select} WHERE rowid = ?", 1, breaks, number):
                seen.add(number)
                yield dict(zip(names, values, strict=True))


def _run(
    source: sqlite3.Connection, sql: str, most: int, breaks: list[Exception], *values: int
) -> Iterator[Sequence[Any]]:
    """Give the rows of a query up to the first that cannot be read; why not, goes to `breaks`."""
    try:
        cursor = source.execute(sql, values)
        for _ in range(most):
            row = cursor.fetchone()
            if row is None:
                return
            yield row
    except UNREADABLE as error:
        breaks[:] = [error]
