"""A small frame as a table in which every cell is escaped."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any, Final

from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["fitting", "frame_bundle"]

_LONGEST_CELL: Final = 100
_MOST_COLUMNS: Final = 40


def frame_bundle(frame: pd.DataFrame, *, max_rows: int = 20) -> dict[str, str]:
    """
    Show the first rows of a frame, with what is longer than a cell cut.

    Parameters
    ----------
    frame
        Any DataFrame. An index that only counts the rows is left out.
    max_rows
        How many rows to show; a line below tells how many there are.

    Returns
    -------
    dict
        ``text/html`` and ``text/plain``.
    """
    head = frame.iloc[:max_rows, :_MOST_COLUMNS]
    names = [_cell(name) for name in head.columns]
    columns = [[_cell(value) for value in head.iloc[:, at]] for at in range(len(names))]
    right = [_is_numeric(head.iloc[:, at]) for at in range(len(names))]
    if not _only_counts(frame.index):
        names.insert(0, _cell(frame.index.name) if frame.index.name is not None else "")
        columns.insert(0, [_cell(value) for value in head.index])
        right.insert(0, False)
    rows = list(zip(*columns, strict=True))
    rest = _what_is_left(frame, max_rows)
    return {
        "text/html": _html(names, rows, right, rest),
        "text/plain": _text(names, rows, right, rest),
    }


def fitting(frame: pd.DataFrame, names: Sequence[str], width: int, *, max_rows: int = 60) -> str:
    """
    Write a table that is no wider than a terminal.

    Parameters
    ----------
    frame
        Any DataFrame.
    names
        The columns to show, the most wanted first; one is always shown.
    width
        Characters.
    max_rows
        How many rows to show.

    Returns
    -------
    str
        The table, and a line that tells how much of the frame it is.
    """
    shown = list(names)
    while True:
        text = frame_bundle(frame[shown].reset_index(drop=True), max_rows=max_rows)["text/plain"]
        if len(shown) == 1 or max(map(len, text.splitlines())) <= width:
            return f"{text}\n{len(frame):,} rows; {len(shown)} of {frame.shape[1]} columns"
        shown.pop()


def _html(names: list[str], rows: list[tuple[str, ...]], right: list[bool], rest: str) -> str:
    aligned = [f'style="text-align:{"right" if flag else "left"}"' for flag in right]
    head = "".join(f"<th {how}>{escape(n)}</th>" for n, how in zip(names, aligned, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td {how}>{escape(c)}</td>" for c, how in zip(row, aligned, strict=True))
        + "</tr>"
        for row in rows
    )
    more = f'<div style="font-size:0.85em;opacity:.65">{escape(rest)}</div>' if rest else ""
    return (
        '<div class="jp-RenderedHTMLCommon mathjax_ignore" style="overflow-x:auto">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _text(names: list[str], rows: list[tuple[str, ...]], right: list[bool], rest: str) -> str:
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = []
    for row in (tuple(names), *rows):
        cells = (
            cell.rjust(width) if flag else cell.ljust(width)
            for cell, width, flag in zip(row, widths, right, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, rest] if rest else lines)


def _cell(value: Any) -> str:
    """Write a value on one line, short enough for a cell."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = str(value)
    elif isinstance(value, numbers.Integral):
        text = f"{int(value):,}"
    elif isinstance(value, numbers.Real):
        text = _number(float(value))
    elif _is_missing(value):
        text = ""
    elif getattr(value, "ndim", 0):
        text = f"array {tuple(value.shape)}"
    else:
        text = str(value)
    text = " ".join(plain(text[: 4 * _LONGEST_CELL]).split())
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def _number(value: float) -> str:
    """Write a number without an exponent, as prices are read."""
    if math.isnan(value):
        return ""
    short = f"{value:.6g}"
    return short if "e" not in short else f"{value:.12f}".rstrip("0").rstrip(".")


def _is_missing(value: Any) -> bool:
    """Tell None, NaT and pandas' NA, which is equal to nothing."""
    return value is None or type(value).__name__ in {"NAType", "NaTType"}


def _is_numeric(column: Any) -> bool:
    return getattr(column.dtype, "kind", "O") in "iuf"


def _only_counts(index: Any) -> bool:
    return type(index).__name__ == "RangeIndex" and index.name is None


def _what_is_left(frame: Any, max_rows: int) -> str:
    total, width = frame.shape
    pieces = []
    if total > max_rows:
        pieces.append(f"first {max_rows:,} of {total:,} rows")
    if width > _MOST_COLUMNS:
        pieces.append(f"first {_MOST_COLUMNS} of {width:,} columns")
    return ", ".join(pieces)
