"""Files as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.categories import category
from nbnebius.frames.columns import column
from nbnebius.types.times import seconds
from nbnebius.types.usage import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.types.files import File

PURPOSES = ["batch", "batch_output", "fine-tune", "fine-tune-results"]
COLUMNS = ["id", "filename", "purpose", "bytes", "status", "created", "expires"]


def files_frame(files: Sequence[File]) -> pd.DataFrame:
    """
    Give files as a frame, one row each, in the order given.

    Returns
    -------
    DataFrame
        ``id``, ``filename`` (str), ``purpose`` (category: batch, batch_output, fine-tune,
        fine-tune-results, and what else occurs), ``bytes`` (Int64), ``status`` (str), ``created``,
        ``expires`` (datetime64[us, UTC]). What a row lacks is missing.
    """
    import pandas as pd

    columns: dict[str, Any] = {
        "id": column([one.id or None for one in files], "string"),
        "filename": column([one.filename for one in files], "string"),
        "purpose": category((one.purpose for one in files), PURPOSES),
        "bytes": column([count(one.bytes) for one in files], "Int64"),
        "status": column([one.status for one in files], "string"),
        "created": column([seconds(one.created_at) for one in files], "datetime64[us, UTC]"),
        "expires": column([seconds(one.expires_at) for one in files], "datetime64[us, UTC]"),
    }
    return pd.DataFrame(columns, columns=COLUMNS)
