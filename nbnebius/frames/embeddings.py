"""Vectors as a column of a frame, and back to one matrix."""

from __future__ import annotations

import ctypes
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.frames.columns import column as make_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from nbnebius.types.answers import EmbeddingResult

ELEMENTS = 2**21  # numbers of a block that is copied: 8 MB
VIEWED = 2**23  # and of one that is not, which another thread may work on for a while
STATUSES = ["ok", "partial", "skipped", "unsent", "failed", "possibly_paid"]


def embedding_frame(
    base: pd.DataFrame,
    result: EmbeddingResult,
    *,
    column: str = "embedding",
    normalize: bool = False,
) -> pd.DataFrame:
    """
    Put vectors beside the rows they belong to; index and order stay.

    Returns
    -------
    DataFrame
        The columns of `base`, then ``embedding`` (object: float32 rows that are views of one
        block; NaN where there is none), ``neb_status`` (category: ok, skipped, failed …),
        ``neb_error`` (str), ``neb_tokens`` (float64, as shared out over a request's texts),
        ``neb_cost`` (float64, USD paid). ``attrs`` holds the model and the dimensions. With
        `normalize` each vector is scaled, in place, to the length 1.
    """
    import numpy as np
    import pandas as pd

    if normalize:
        _scale(result.vectors)
    frame = base.copy(deep=False)
    code_of = {word: code for code, word in enumerate(STATUSES)}
    codes = np.array([code_of[word] for word in result.status], np.int8)
    rows: NDArray[Any] = np.empty(len(codes), dtype=object)
    for index, row in enumerate(result.vectors):
        rows[index] = row
    rows[codes != code_of["ok"]] = np.nan
    frame[column] = pd.Series(rows, index=frame.index, dtype=object)
    frame["neb_status"] = pd.Categorical.from_codes(codes, pd.Index(STATUSES))
    frame["neb_error"] = make_column(result.errors, "string", frame.index)
    frame["neb_tokens"] = pd.Series(result.tokens, index=frame.index)
    frame["neb_cost"] = pd.Series(result.cost, index=frame.index)
    frame.attrs = {
        **base.attrs,
        "nbnebius": {"model": result.model, "dimensions": result.dimensions},
    }
    return frame


def _scale(vectors: NDArray[np.float32]) -> None:
    """Scale each row to the length 1, a block at a time; a row of zeros stays one."""
    import numpy as np

    step = max(1, ELEMENTS // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), step):
        block = vectors[start : start + step]
        lengths = np.linalg.norm(block, axis=1, keepdims=True)
        np.divide(block, lengths, out=block, where=lengths > 0)


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

    rows = _rows(frame, column)
    if (block := _same_block(rows)) is not None:
        return block
    found = np.full((len(rows), _width(rows)), np.nan, dtype=np.float32)
    _copy(rows, found, column)
    return found


def matrix_blocks(
    frame: pd.DataFrame, column: str = "embedding"
) -> tuple[int, Callable[[], Iterator[NDArray[np.float32]]]]:
    """
    Give the size d of a column of vectors, and what goes over them in (m, d) float32 blocks.

    Only one block is ever copied, and none where the rows are still the block they were made as.

    Raises
    ------
    OptionError
        As `matrix`; and where the column holds no vector at all.
    """
    import numpy as np

    rows = _rows(frame, column)
    whole = _same_block(rows)
    width = _width(rows) if whole is None else whole.shape[1]
    if not width:
        texts = any(isinstance(row, str) for row in rows)
        raise OptionError(
            f"There is no vector in {column!r}",
            why="it holds text; CSV keeps vectors as text" if texts else "",
            hint="keep frames as Parquet, or embed again: what was bought is kept",
        )
    step = max(1, (ELEMENTS if whole is None else VIEWED) // width)

    def blocks() -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(rows), step):
            if whole is not None:
                yield whole[start : start + step]
                continue
            part = rows[start : start + step]
            found = np.full((len(part), width), np.nan, dtype=np.float32)
            _copy(part, found, column)
            yield found

    return width, blocks


def _rows(frame: pd.DataFrame, column: str) -> NDArray[Any]:
    if not hasattr(frame, "columns"):
        raise OptionError(f"A {type(frame).__name__} is no frame", hint="give what embed gives")
    if column not in frame.columns:
        raise OptionError(
            f"The frame has no column {column!r}",
            why="its columns are " + ", ".join(map(str, frame.columns[:12])),
            hint="embed gives a frame of vectors; column= names theirs if it is another",
        )
    rows: NDArray[Any] = frame[column].to_numpy()
    if rows.ndim != 1:
        raise OptionError(
            f"The frame has several columns {column!r}", hint="rename all of them but one"
        )
    return rows


def _width(rows: NDArray[Any]) -> int:
    return next((len(r) for r in rows if _is_vector(r)), 0)


def _copy(rows: NDArray[Any], found: NDArray[np.float32], column: str) -> None:
    width = found.shape[1]
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


def _is_vector(row: Any) -> bool:
    return hasattr(row, "__len__") and not isinstance(row, str | bytes)


def _same_block(column: NDArray[Any]) -> NDArray[np.float32] | None:
    """Give the block that the rows are still the rows of, in its order; missing ones are NaN."""
    import numpy as np

    from nbnebius.frames.unchanged import remember, remembered

    if column.dtype != object:
        return None
    if (known := remembered(column)) is not None:
        return known
    rows = column.tolist()
    first = next((row for row in rows if isinstance(row, np.ndarray)), None)
    block = None if first is None else first.base
    if not isinstance(block, np.ndarray) or block.ndim != 2 or block.dtype != np.float32:  # noqa: PLR2004 - a matrix
        return None
    if first is None or block.shape != (len(rows), len(first)):
        return None
    start, step = block.ctypes.data, block.strides[0]
    if _are_all_of(rows, block):
        remember(column, block)
    else:
        # some are missing, or are others
        for index, row in enumerate(rows):
            if not isinstance(row, np.ndarray):
                if _is_vector(row) or not np.isnan(block[index]).all():
                    return None
                continue
            mine = row.base is block and row.shape == first.shape
            if not mine or row.ctypes.data != start + index * step:
                return None
    return block


def _are_all_of(rows: Sequence[Any], block: NDArray[Any]) -> bool:
    """
    Tell whether these are all of a block's rows, in its order.

    It is asked of every row of a million, so none of it is a loop of Python's.
    """
    import numpy as np

    try:
        if set(map(id, map(attrgetter("base"), rows))) != {id(block)}:
            return False
        if set(map(attrgetter("shape"), rows)) != {block.shape[1:]}:
            return False
        places = map(ctypes.addressof, map(ctypes.c_char.from_buffer, rows))
        found = np.fromiter(places, np.intp, len(rows))
    except (AttributeError, TypeError, ValueError, BufferError):
        return False  # missing, read-only, or not in one piece
    first, step = block.ctypes.data, block.strides[0]
    return bool((found == first + step * np.arange(len(rows))).all())
