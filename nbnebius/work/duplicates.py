"""Near duplicates by cosine: every row against every row kept before, in flat memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.work.directions import directions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 1_024  # of a block: its cosines with another block are 4 MB
SAME = 2e-6  # what the cosine of two equal rows may lack to 1 in float32


def near_duplicates(
    vectors: NDArray[np.float32], threshold: float
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """
    Find for each row the nearest row before it that is kept and no farther than a threshold.

    Rows are taken in their order: a row that is near to none of the kept ones is kept. So every
    row that goes is near to one that stays, and no chain of neighbours joins what is far apart.

    Parameters
    ----------
    vectors
        (n, d) float32. Rows that hold NaN, or nothing but zeros, are near to nothing.
    threshold
        The lowest cosine of near duplicates, -1 to 1.

    Returns
    -------
    first, scores
        (n,) intp: the kept row that a row repeats, -1 for a kept row; (n,) float32: their cosine,
        NaN for a kept row.
    """
    import numpy as np

    first = np.full(len(vectors), -1, np.intp)
    scores = np.full(len(vectors), np.nan, np.float32)
    least = np.float32(threshold - SAME)
    kept: list[NDArray[np.intp]] = []
    for start in range(0, len(vectors), ROWS):
        rows = np.arange(start, min(start + ROWS, len(vectors)))
        block = directions(vectors, rows)
        best = np.full(len(rows), -np.inf, np.float32)
        repeats = np.full(len(rows), -1, np.intp)
        for some in kept:
            cosines = block @ directions(vectors, some).T
            place = cosines.argmax(axis=1)
            highest = cosines[np.arange(len(rows)), place]
            better = highest > best
            best[better], repeats[better] = highest[better], some[place[better]]
        repeats[~(best >= least)] = -1
        _within(block @ block.T, least, best, repeats, start)
        goes = repeats >= 0
        first[rows[goes]], scores[rows[goes]] = repeats[goes], np.clip(best[goes], -1, 1)
        stays = rows[~goes & np.isfinite(block[:, 0])]
        if len(stays):
            kept = _packed(kept, stays)
    return first, scores


def _within(
    cosines: NDArray[np.float32],
    least: np.float32,
    best: NDArray[np.float32],
    repeats: NDArray[np.intp],
    start: int,
) -> None:
    """Compare the rows of one block with the kept ones among them, in their order."""
    import numpy as np

    stays = repeats < 0
    near = cosines >= least
    for row in np.flatnonzero(np.tril(near, -1).any(axis=1)):
        before = np.flatnonzero(near[row, :row] & stays[:row])
        if not len(before):
            continue
        place = before[cosines[row, before].argmax()]
        if stays[row] or cosines[row, place] > best[row]:
            best[row], repeats[row] = cosines[row, place], start + place
        stays[row] = False


def _packed(kept: list[NDArray[np.intp]], more: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Add rows, so that all pieces but the last are full."""
    import numpy as np

    last = np.concatenate([kept.pop(), more]) if kept and len(kept[-1]) < ROWS else more
    return [*kept, *(last[at : at + ROWS] for at in range(0, len(last), ROWS))]
