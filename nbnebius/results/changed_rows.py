"""`compare_runs`: the rows that two runs answer differently, and how the runs compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from nbnebius.frames.runs import compare_frames
from nbnebius.rendering.answer import usd
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.table import frame_bundle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.frames.runs import RunSummary

SHOWN_ROWS = 10


class ChangedRows(pd.DataFrame):
    """
    The rows that changed, with a `summary` of both runs; what is made from it is a plain frame.

    Attributes
    ----------
    summary
        See `nbnebius.frames.runs.RunSummary`.
    """

    _metadata: ClassVar[list[str]] = ["summary"]
    summary: RunSummary

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _headline(self) -> str:
        told = self.summary
        share = f"{told.changed / told.rows:.1%}"
        parts = [f"{told.rows:,} rows compared", f"{told.changed:,} changed ({share})"]
        if told.only_before or told.only_after:
            parts.append(f"{told.only_before:,} only before, {told.only_after:,} only after")
        if "cost" in told.totals.index:
            paid = [usd(float(told.totals[side]["cost"])) for side in ("before", "after")]
            parts.append(f"{paid[0]} before, {paid[1]} after")
        return " · ".join(parts)

    def _tables(self) -> list[tuple[str, pd.DataFrame]]:
        told = self.summary
        tables = [("agreement", _percents(told.agreement, "agreement")), ("totals", told.totals)]
        if len(told.status_changes):
            tables.append(("status changes", told.status_changes))
        if len(told.patterns):
            tables.append(
                ("worth a look (examples are rows of the index)", _percents(told.patterns, "share"))
            )
        if len(self):
            rows = pd.DataFrame(self)
            rows.columns = pd.Index([" · ".join(map(str, pair)) for pair in self.columns])
            tables.append(("changed rows", rows))
        return tables

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        page, text = [f"<div>{escape(self._headline())}</div>"], [plain(self._headline())]
        for title, table in self._tables():
            shown = frame_bundle(table, max_rows=SHOWN_ROWS)
            page.append(f'<div style="font-weight:600">{escape(title)}</div>{shown["text/html"]}')
            text.append(f"{title}\n{shown['text/plain']}")
        return {"text/html": "".join(page), "text/plain": "\n\n".join(text)}


def _percents(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Write a column of shares for people."""
    return frame.assign(**{name: [f"{share:.1%}" for share in frame[name]]})


def compare_runs(before: Any, after: Any, *, columns: Sequence[str] | None = None) -> ChangedRows:
    """
    Compare two runs of `map` over the same rows: another prompt, another model, another day.

    No call is made. Rows are matched by the frames' index.

    Parameters
    ----------
    before, after
        What `map` gave; other frames too, their shared columns are compared.
    columns
        Which columns; the answers of both runs if left out.

    Returns
    -------
    ChangedRows
        A DataFrame of the rows of which an answer, or the status, is another one: under each
        column two, ``before`` and ``after``, both with their values, equal ones too. Its
        ``summary`` tells rows, agreement per column, USD and tokens of each run, status changes,
        and what is worth a look: one label for nearly all rows, refusals, empty, identical and
        cut-off answers, answers that copy the input. In a notebook all of it shows.

    Raises
    ------
    OptionError
        No frame, an index that names a row twice, or no row or column in common.
    """
    changed, summary = compare_frames(before, after, columns)
    found = ChangedRows(changed)
    found.summary = summary
    return found
