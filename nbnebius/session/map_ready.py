"""A job that is ready to run, and the frame of what it has by now."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.session.map_request import Asked
    from nbnebius.work.map.job import RowsJob
    from nbnebius.work.map.outlook import Outlook


@dataclass(frozen=True, slots=True)
class Ready:
    """A job that is ready to run, and what it is expected to take."""

    asked: Asked
    rows: RowsJob
    outlook: Outlook


def build_frame(ready: Ready) -> pd.DataFrame:
    """Make the frame of what a job has by now."""
    from nbnebius.frames.map import map_frame
    from nbnebius.work.map.book import STATUSES

    asked, rows, book = ready.asked, ready.rows, ready.rows.book
    status = bytes(book.status)  # as of now: the loop goes on writing
    schema = asked.schema
    return map_frame(
        asked.frame,
        numbers=rows.survey.numbers,
        first=rows.survey.first,
        status=[STATUSES[code] for code in status],
        # An answer that has come since is not in the status, so it is not shown yet.
        values=[value if code else None for value, code in zip(book.values, status, strict=True)],
        cached=bytes(book.cached),
        errors=dict(book.errors),
        tokens=[each if code else nan for each, code in zip(book.tokens, status, strict=True)],
        cost=[each if code else nan for each, code in zip(book.cost, status, strict=True)],
        schema=schema.json if schema else None,
        wrapped=schema.key if schema else None,
        name=asked.name,
        about={"model": rows.form.model, "columns": asked.ours},
    )
