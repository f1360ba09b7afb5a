"""For each row of one matrix the nearest rows of another, exactly, in memory that stays flat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.work.directions import directions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 1_024  # of a block: its cosines with another block are 4 MB


def nearest_pairs(
    left: NDArray[np.float32], right: NDArray[np.float32], k: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """
    Pair each row of `left` with the `k` rows of `right` of the highest cosine.

    Parameters
    ----------
    left, right
        (n, d) and (m, d) float32. Rows without a direction are paired with none.
    k
        At least 1; fewer come where there are fewer rows.

    Returns
    -------
    left rows, right rows, scores
        By left row, then best first (of equal ones the earlier row); cosines in [-1, 1].
    """
    import numpy as np

    lefts: list[NDArray[np.intp]] = [np.empty(0, np.intp)]
    rights: list[NDArray[np.intp]] = [np.empty(0, np.intp)]
    found: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
    for start in range(0, len(left), ROWS):
        block = directions(left, slice(start, start + ROWS))
        scores = np.full((len(block), 0), -np.inf, np.float32)
        places = np.zeros((len(block), 0), np.intp)
        for begin in range(0, len(right), ROWS):
            cosines = block @ directions(right, slice(begin, begin + ROWS)).T
            cosines[np.isnan(cosines)] = -np.inf
            here = np.broadcast_to(np.arange(begin, begin + cosines.shape[1]), cosines.shape)
            scores = np.concatenate([scores, cosines], axis=1)
            places = np.concatenate([places, here], axis=1)
            # A stable sort leaves the earlier of equal ones in front.
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            scores = np.take_along_axis(scores, order, axis=1)
            places = np.take_along_axis(places, order, axis=1)
        rows, ranks = np.nonzero(np.isfinite(scores))
        lefts.append(rows + start)
        rights.append(places[rows, ranks])
        found.append(np.clip(scores[rows, ranks], -1, 1))
    return np.concatenate(lefts), np.concatenate(rights), np.concatenate(found)
