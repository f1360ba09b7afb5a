"""Batches as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.categories import category
from nbnebius.frames.columns import column
from nbnebius.types.batches import RequestCounts
from nbnebius.types.times import seconds
from nbnebius.types.usage import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.types.batches import Batch

STATES = ["active", "done", "failed"]
TEXTS = ("endpoint", "model", "input_file_id", "output_file_id", "error_file_id")
COLUMNS = [
    *("id", "status", "state", "endpoint", "model", "total", "completed", "failed"),
    *("input_file_id", "output_file_id", "error_file_id", "created", "ended", "expires"),
    *("metadata", "error"),
]


def batches_frame(batches: Sequence[Batch]) -> pd.DataFrame:
    """
    Give batches as a frame, one row each, in the order given.

    Returns
    -------
    DataFrame
        ``id`` (str), ``status`` (str, the server's own word), ``state`` (category: active, done,
        failed), ``endpoint``, ``model`` (str), ``total``, ``completed``, ``failed`` (Int64,
        requests), ``input_file_id``, ``output_file_id``, ``error_file_id`` (str), ``created``,
        ``ended``, ``expires`` (datetime64[us, UTC]), ``metadata`` (object: dict), ``error`` (str,
        why it was refused). What a row lacks is missing.
    """
    import pandas as pd

    times = "datetime64[us, UTC]"
    counts = [one.request_counts or RequestCounts() for one in batches]
    columns: dict[str, Any] = {
        "id": column([one.id or None for one in batches], "string"),
        "status": column([one.status for one in batches], "string"),
        "state": category((one.state for one in batches), STATES),
        **{name: column([getattr(one, name) for one in batches], "string") for name in TEXTS},
        "total": column([count(one.total) for one in counts], "Int64"),
        "completed": column([count(one.completed) for one in counts], "Int64"),
        "failed": column([count(one.failed) for one in counts], "Int64"),
        "created": column([seconds(one.created_at) for one in batches], times),
        "ended": column([seconds(one.ended_at) for one in batches], times),
        "expires": column([seconds(one.expires_at) for one in batches], times),
        "metadata": column([one.metadata for one in batches], "object"),
        "error": column([one.error for one in batches], "string"),
    }
    return pd.DataFrame(columns, columns=COLUMNS)
