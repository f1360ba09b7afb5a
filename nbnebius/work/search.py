"""The rows nearest to a vector, exactly: by cosine, block by block, in memory that stays flat."""

from __future__ import annotations

import functools
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
R = TypeVar("R")


def nearest(
    blocks: Iterable[NDArray[np.float32]], query: NDArray[np.float32], k: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """
    Find the `k` rows with the highest cosine to `query`.

    Parameters
    ----------
    blocks
        (m, d) float32 blocks of rows, one after the other. Rows that hold NaN are left out, and
        rows of nothing but zeros, which have no direction.
    query
        (d,) and not zero.
    k
        At least 1; fewer come where there are fewer rows.

    Returns
    -------
    rows, scores
        Counted over all blocks, best first (of equal ones the earlier row), and their cosines in
        [-1, 1].
    """
    import numpy as np

    direction = query / np.linalg.norm(query.astype(np.float64))
    direction = np.ascontiguousarray(direction, np.float32)
    best_rows = np.empty(0, np.intp)
    best_scores = np.empty(0, np.float32)
    start = 0
    for scores in _side_by_side(functools.partial(_cosines, direction=direction), blocks):
        # What is no better than the k-th so far is out at once; NaN is never better.
        worst = best_scores[-1] if len(best_scores) == k else -np.inf
        with np.errstate(invalid="ignore"):
            found = np.flatnonzero(scores > worst)
        if not len(found):
            start += len(scores)
            continue
        if len(found) > k:
            kth = np.partition(scores[found], len(found) - k)[len(found) - k]
            found = found[scores[found] >= kth]
        best_rows = np.concatenate([best_rows, found + start])
        best_scores = np.concatenate([best_scores, scores[found]])
        order = np.lexsort((best_rows, -best_scores))[:k]
        best_rows, best_scores = best_rows[order], best_scores[order]
        start += len(scores)
    return best_rows, np.clip(best_scores, -1.0, 1.0)


def _side_by_side(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Map on as many threads as there are processors, in order; few items are held at a time."""
    threads = os.cpu_count() or 1
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, "nbnebius-search") as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _cosines(block: NDArray[np.float32], direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give each row's cosine, NaN where it has none."""
    import numpy as np

    scores, squares = np.empty((2, len(block)), np.float32)
    step = max(1, _CACHED // max(1, block.shape[1]))
    with np.errstate(all="ignore"):
        for start in range(0, len(block), step):
            # The second product finds in a cache of the processor's what the first has read.
            # Fewer than 500 would fit a smaller one, but NumPy works on them under Python's lock.
            rows, these = block[start : start + step], slice(start, start + step)
            if hasattr(np, "vecdot"):  # NumPy 2: on this thread, as the others have work
                np.vecdot(rows, direction, out=scores[these])
                np.vecdot(rows, rows, out=squares[these])
            else:
                np.matmul(rows, direction, out=scores[these])
                np.einsum("ij,ij->i", rows, rows, out=squares[these])
        lengths = np.sqrt(squares)
        far = ~((lengths > _SMALL) & (lengths < _LARGE))
        scores /= lengths
        if far.any():
            # Squares that leave float32 behind are taken again in float64.
            wide = block[far].astype(np.float64)
            norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))
            scores[far] = (wide @ direction.astype(np.float64)) / norms
    return scores


_CACHED = 2**19  # numbers that a processor's own cache holds
_SMALL, _LARGE = 1e-15, 1e18  # lengths whose squares float32 still tells apart
