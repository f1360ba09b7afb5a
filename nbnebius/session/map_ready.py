"""A job that is ready to run, and the frame of what it has by now."""

from __future__ import annotations

from dataclasses import dataclass
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
    import numpy as np

    from nbnebius.frames.map import map_frame
    from nbnebius.work.map.book import STATUSES

    asked, rows, book = ready.asked, ready.rows, ready.rows.book
    # As of now: the loop goes on writing, and what comes later is not shown yet.
    codes = np.frombuffer(bytes(book.status), dtype=np.uint8)
    schema = asked.schema
    return map_frame(
        asked.frame,
        numbers=rows.survey.numbers,
        first=rows.survey.first,
        codes=codes,
        words=STATUSES,
        values=book.values,
        cached=bytes(book.cached),
        errors=dict(book.errors),
        tokens=np.array(book.tokens),
        cost=np.array(book.cost),
        schema=schema.json if schema else None,
        wrapped=schema.key if schema else None,
        name=asked.name,
        about={"model": rows.form.model, "columns": asked.ours},
    )
