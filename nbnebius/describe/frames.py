"""Frames as text: what columns there are, how large it is, and a sample of its rows."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["frame", "index", "other_frame", "other_series", "series"]

_LONGEST_CELL: Final = 60
_SHORTEST_CELL: Final = 12
_MOST_ROWS: Final = 50
_ROWS_AT_LEAST: Final = 3
_MOST_COLUMNS: Final = 200


def frame(value: Any, limit: int, *, hidden: frozenset[Any] = frozenset()) -> str:
    """
    Describe a frame: its shape, its columns, and as many rows as there is room for.

    Parameters
    ----------
    value
        A pandas DataFrame.
    limit
        The most characters.
    hidden
        Names of columns of which nothing but the type is told.
    """
    height, width = value.shape
    head = f"DataFrame, {height:,} rows x {width:,} columns"
    columns = [
        f"- {_cell(name, _LONGEST_CELL)}: {value.dtypes.iloc[at]}{_nulls(value.iloc[:, at])}"
        for at, name in enumerate(value.columns[:_MOST_COLUMNS])
    ]
    schema = _fitting(columns, limit * 2 // 3, more=width - len(columns))
    text = f"{head}\n{schema}"
    room = limit - len(text) - 40
    sample = _sample(value, room, hidden)
    if not sample:
        return text
    rows = sample.count("\n") - 1
    told = "all rows" if rows == height else f"first {rows} rows"
    return f"{text}\n\n{told}:\n{sample}"


def _nulls(column: Any) -> str:
    missing = int(column.isna().sum())
    return f", {missing:,} null" if missing else ""


def _fitting(lines: list[str], room: int, *, more: int) -> str:
    """Join as many lines as fit, and tell how many do not."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    left = len(lines) - len(kept) + more
    return "\n".join([*kept, f"- … and {left:,} more columns"] if left else kept)


def _sample(value: Any, room: int, hidden: frozenset[Any]) -> str:
    """Draw the first rows as a Markdown table, with narrower cells where there is little room."""
    rows = min(len(value), _MOST_ROWS)
    head = value.iloc[:rows, :_MOST_COLUMNS]
    names = list(head.columns)
    for width in (_LONGEST_CELL, _LONGEST_CELL // 2, _SHORTEST_CELL):
        top = [_row([_cell(name, width) for name in names]), "|" + "---|" * len(names)]
        used = sum(len(line) + 1 for line in top)
        kept: list[str] = []
        for at in range(rows):
            cells = zip(names, _values(head, at), strict=True)
            line = _row(["***" if name in hidden else _cell(item, width) for name, item in cells])
            used += len(line) + 1
            if used > room:
                break
            kept.append(line)
        if len(kept) >= min(rows, _ROWS_AT_LEAST) and kept:
            return "\n".join([*top, *kept])
    return ""


def _values(head: Any, at: int) -> list[Any]:
    """Take one row, each value in the type of its own column."""
    return [head.iat[at, column] for column in range(head.shape[1])]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any, width: int) -> str:
    """Write a value on one line that does not break a Markdown table."""
    if getattr(value, "ndim", 0) and hasattr(value, "shape"):
        return f"array {tuple(value.shape)}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)[: 4 * width]
    text = " ".join(text.split()).replace("|", "\\|")
    return text if len(text) <= width else text[: width - 1] + "…"


def series(value: Any, limit: int) -> str:
    """Describe a pandas Series: its name, type, nulls, spread, and its first values."""
    kind = type(value).__name__
    name = f" {value.name!r}" if value.name is not None else ""
    head = f"{kind}{name}, {len(value):,} values, dtype {value.dtype}{_nulls(value)}"
    spread = ""
    if getattr(value.dtype, "kind", "O") in "iuf" and value.notna().any():
        spread = f"\nmin {value.min():g}, mean {value.mean():g}, max {value.max():g}"
    lines = [f"- {_cell(item, limit)}" for item in value[:_MOST_ROWS]]
    return _with_values(head + spread, lines, limit, len(value))


def index(value: Any, limit: int) -> str:
    """Describe a pandas Index like the Series of its values."""
    return f"Index as {series(value.to_series(), limit - len('Index as '))}"


def _with_values(head: str, lines: list[str], limit: int, total: int) -> str:
    """Put as many values below the head as fit."""
    room = limit - len(head) - 30
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if len(kept) < total:
        kept.append(f"- … {total - len(kept):,} more")
    return "\n".join([head, *kept])


def other_frame(value: Any, limit: int) -> str:
    """Describe a polars DataFrame: its schema and its own drawing of the first rows."""
    height, width = value.shape
    columns = [
        f"- {_cell(name, _LONGEST_CELL)}: {dtype}{_null_count(value[name])}"
        for name, dtype in list(value.schema.items())[:_MOST_COLUMNS]
    ]
    schema = _fitting(columns, limit * 2 // 3, more=width - len(columns))
    names = value.columns[:_MOST_COLUMNS]
    top = [_row([_cell(name, _LONGEST_CELL) for name in names]), "|" + "---|" * len(names)]
    lines = [
        _row([_cell(item, _LONGEST_CELL) for item in row[:_MOST_COLUMNS]])
        for row in value.head(_MOST_ROWS).iter_rows()
    ]
    head = f"DataFrame (polars), {height:,} rows x {width:,} columns\n{schema}"
    room = limit - len(head) - 40 - sum(len(line) + 1 for line in top)
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([head, "", f"first {len(kept)} rows:", *top, *kept]) if kept else head


def other_series(value: Any, limit: int) -> str:
    """Describe a polars Series: its name, type, nulls, and its first values."""
    name = f" {value.name!r}" if value.name else ""
    head = f"Series{name} (polars), {len(value):,} values, dtype {value.dtype}{_null_count(value)}"
    lines = [f"- {_cell(item, limit)}" for item in value.head(_MOST_ROWS).to_list()]
    return _with_values(head, lines, limit, len(value))


def _null_count(column: Any) -> str:
    missing = int(column.null_count())
    return f", {missing:,} null" if missing else ""
