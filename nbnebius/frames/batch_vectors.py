"""The results of a batch of embeddings as a frame, its vectors in one block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.vectors import read_embeddings
from nbnebius.frames.columns import column
from nbnebius.types.batch_answer import answer_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from nbnebius.types.batch_lines import BatchLine

COLUMNS = ["embedding", "prompt_tokens", "cost", "error"]
PER_MILLION = 1e-6
GROWTH = 1.5


def batch_vector_frame(
    lines: Iterable[BatchLine], *, price_in: float | None = None
) -> pd.DataFrame:
    """
    Give the vectors of a batch as a frame, one row a vector, in the file's order.

    Parameters
    ----------
    lines
        As `nbnebius.types.batch_lines.read_file` gives them. A request with several texts gives
        as many rows under one ``custom_id``; its tokens stand in the first of them.
    price_in
        USD per million tokens, as a batch pays them: half the usual price.

    Returns
    -------
    DataFrame
        Indexed by ``custom_id`` (str). ``embedding`` (object: float32 rows that are views of one
        block; NaN where there is none), ``prompt_tokens`` (Int64), ``cost`` (float64, USD),
        ``error`` (str, missing where there is a vector).
    """
    import numpy as np
    import pandas as pd

    block = _Block()
    ids: list[str | None] = []
    tokens: list[int | None] = []
    errors: list[str | None] = []
    for line in lines:
        error, count = line.error, 0
        if error is None:
            try:
                count = block.add(read_embeddings(answer_of(line.raw) or b""))
            except ValueError as wrong:
                error = f"the vectors cannot be read: {wrong}"
        if not count:
            block.skip()
        rows = max(count, 1)
        usage = line.usage
        ids += [line.custom_id] * rows
        tokens += [usage.prompt_tokens if usage else None, *[None] * (rows - 1)]
        errors += [error] * rows
    vectors: NDArray[Any] = np.empty(len(ids), dtype=object)
    whole = block.whole()
    for at, there in enumerate(block.there):
        vectors[at] = whole[at] if there else np.nan
    index = pd.Index(pd.array(ids, dtype="string"), name="custom_id")
    cost = [
        None if one is None or (price_in is None and one) else one * (price_in or 0) * PER_MILLION
        for one in tokens
    ]
    columns: dict[str, Any] = {
        "embedding": pd.Series(vectors, index=index, dtype=object),
        "prompt_tokens": column(tokens, "Int64", index),
        "cost": column(cost, "float64", index),
        "error": column(errors, "string", index),
    }
    return pd.DataFrame(columns, index=index, columns=COLUMNS)


class _Block:
    """Vectors of one size, in memory that grows in its place."""

    def __init__(self) -> None:
        self.there: list[bool] = []
        self._block: NDArray[np.float32] | None = None

    def add(self, found: Any) -> int:
        """
        Take vectors in; return how many.

        Raises
        ------
        ValueError
            They have another size than those before.
        """
        import numpy as np

        vectors = found.vectors
        if self._block is None:
            self._block = np.full((max(len(self.there), 64), vectors.shape[1]), np.nan, np.float32)
        if vectors.shape[1] != self._block.shape[1]:
            raise ValueError(
                f"{vectors.shape[1]} dimensions where others have {self._block.shape[1]}"
            )
        begin = len(self.there)
        self.there += [True] * len(vectors)
        self._grow()
        self._block[begin : len(self.there)] = vectors
        return len(vectors)

    def skip(self) -> None:
        """Leave a row empty."""
        self.there.append(False)
        self._grow()

    def whole(self) -> NDArray[np.float32]:
        """Return the block, cut to its rows."""
        import numpy as np

        if self._block is None:
            return np.empty((len(self.there), 0), np.float32)
        self._block.resize((len(self.there), self._block.shape[1]), refcheck=False)
        return self._block

    def _grow(self) -> None:
        import numpy as np

        if self._block is None or len(self.there) <= len(self._block):
            return
        before, size = self._block.shape
        self._block.resize((int(len(self.there) * GROWTH), size), refcheck=False)
        self._block[before:] = np.nan
