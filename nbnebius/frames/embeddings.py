"""Vectors as a column of a frame, and back to one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.frames.columns import column as make_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from nbnebius.types.answers import EmbeddingResult

STATUSES = ["ok", "partial", "skipped", "unsent", "failed", "possibly_paid"]


def embedding_frame(
    base: pd.DataFrame, result: EmbeddingResult, *, column: str = "embedding"
) -> pd.DataFrame:
    """
    Put vectors beside the rows they belong to; index and order stay.

    Returns
    -------
    DataFrame
        The columns of `base`, then ``embedding`` (object: float32 rows that are views of one
        block; NaN where there is none), ``neb_status`` (category: ok, skipped, failed …),
        ``neb_error`` (str), ``neb_tokens`` (float64, as shared out over a request's texts),
        ``neb_cost`` (float64, USD paid). ``attrs`` holds the model and the dimensions.
    """
    import numpy as np
    import pandas as pd

    frame = base.copy(deep=False)
    rows: NDArray[Any] = np.empty(len(result.status), dtype=object)
    for index, status in enumerate(result.status):
        rows[index] = result.vectors[index] if status == "ok" else np.nan
    frame[column] = pd.Series(rows, index=frame.index, dtype=object)
    frame["neb_status"] = pd.Categorical(list(result.status), categories=STATUSES)
    frame["neb_error"] = make_column(result.errors, "string", frame.index)
    frame["neb_tokens"] = make_column(result.tokens, "float64", frame.index)
    frame["neb_cost"] = make_column(result.cost, "float64", frame.index)
    frame.attrs = {
        **base.attrs,
        "nbnebius": {"model": result.model, "dimensions": result.dimensions},
    }
    return frame


def matrix(frame: pd.DataFrame, column: str = "embedding") -> NDArray[np.float32]:
    """
    Give a column of vectors as one (n, d) float32 array.

    Nothing is copied while the rows are still the block they were made as. Rows without a vector
    are NaN.

    Parameters
    ----------
    frame
        A frame with a column of vectors, as `embed` gives it.
    column
        Its name.

    Raises
    ------
    OptionError
        No such column, or its rows are no vectors of one size.
    """
    import numpy as np

    if not hasattr(frame, "columns"):
        raise OptionError(f"A {type(frame).__name__} is no frame", hint="give what embed gives")
    if column not in frame.columns:
        raise OptionError(
            f"The frame has no column {column!r}",
            why="its columns are " + ", ".join(map(str, frame.columns[:12])),
            hint="pass column= with the name of the vectors' column",
        )
    rows = list(frame[column])
    if (block := _same_block(rows)) is not None:
        return block
    width = next((len(r) for r in rows if _is_vector(r)), 0)
    found = np.full((len(rows), width), np.nan, dtype=np.float32)
    for index, row in enumerate(rows):
        if not _is_vector(row):
            continue
        if len(row) != width:
            raise OptionError(
                f"The vectors in {column!r} have {width} and {len(row)} dimensions",
                why="they come from different models or sizes",
                hint="embed all rows with one model and one --dimensions",
            )
        found[index] = row
    return found


def _is_vector(row: Any) -> bool:
    return hasattr(row, "__len__") and not isinstance(row, str | bytes)


def _same_block(rows: Sequence[Any]) -> NDArray[np.float32] | None:
    import numpy as np

    if not rows or not isinstance(rows[0], np.ndarray):
        return None
    block = rows[0].base
    if not isinstance(block, np.ndarray) or block.ndim != 2 or block.dtype != np.float32:  # noqa: PLR2004 - a matrix
        return None
    if block.shape != (len(rows), len(rows[0])):
        return None
    start, step = block.__array_interface__["data"][0], block.strides[0]
    for index, row in enumerate(rows):
        if not isinstance(row, np.ndarray) or row.base is not block:
            return None
        if row.__array_interface__["data"][0] != start + index * step:
            return None
    return block
