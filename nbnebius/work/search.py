"""The rows nearest to a vector, exactly: by cosine, block by block, in memory that stays flat."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray


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
    for block in blocks:
        scores = _cosines(block, direction)
        # What is no better than the k-th so far is out at once; NaN is never better.
        worst = best_scores[-1] if len(best_scores) == k else -np.inf
        with np.errstate(invalid="ignore"):
            found = np.flatnonzero(scores > worst)
        if not len(found):
            start += len(block)
            continue
        if len(found) > k:
            kth = np.partition(scores[found], len(found) - k)[len(found) - k]
            found = found[scores[found] >= kth]
        best_rows = np.concatenate([best_rows, found + start])
        best_scores = np.concatenate([best_scores, scores[found]])
        order = np.lexsort((best_rows, -best_scores))[:k]
        best_rows, best_scores = best_rows[order], best_scores[order]
        start += len(block)
    return best_rows, np.clip(best_scores, -1.0, 1.0)


def _cosines(block: NDArray[np.float32], direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give each row's cosine, NaN where it has none."""
    import numpy as np

    scores: NDArray[np.float32]
    with np.errstate(all="ignore"):
        if hasattr(np, "vecdot"):  # NumPy 2
            # No threads for so small a product: to wait for them takes longer than to do it.
            scores, squares = np.vecdot(block, direction), np.vecdot(block, block)
        else:
            scores, squares = block @ direction, np.einsum("ij,ij->i", block, block)
        lengths = np.sqrt(squares)
        far = ~((lengths > _SMALL) & (lengths < _LARGE))
        scores /= lengths
        if far.any():
            # Squares that leave float32 behind are taken again in float64.
            rows = block[far].astype(np.float64)
            norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
            scores[far] = (rows @ direction.astype(np.float64)) / norms
    return scores


_SMALL, _LARGE = 1e-15, 1e18  # lengths whose squares float32 still tells apart
