"""
Spherical k-means: rows grouped by cosine, the same groups for the same seed.

The centres are found on at most 10,000 rows; then every row goes to its nearest centre, block by
block, so that memory stays flat beside the matrix that was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.work.directions import directions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 12  # clusters that are tried where nobody says how many
LEARNT = 10_000  # rows that the centres are found on
JUDGED = 2_000  # rows that the number of clusters is judged on
STARTS = 10  # beginnings of which the best is taken
FEW_STARTS = 3  # the same, of many rows
ROUNDS = 100
ENOUGH = 1e-5  # by which the mean cosine must still grow
ELEMENTS = 2**22  # numbers of a block: 16 MB
SAME = 1e-6  # by which the cosine of one direction with itself may miss 1 in float32


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """
    Rows in groups, numbered by size: 0 is the largest (of equal ones, the one that begins first).

    Attributes
    ----------
    labels
        (n,) intp: each row's cluster, -1 for a row without a direction.
    scores
        (n,) float32: each row's cosine to its centre, -1 to 1; NaN for a row without a direction.
    centres
        (k, d) float32 of length 1.
    quality
        The mean silhouette by cosine that chose k, -1 to 1; NaN where k was given.
    """

    labels: NDArray[np.intp]
    scores: NDArray[np.float32]
    centres: NDArray[np.float32]
    quality: float

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return len(self.centres)

    def nearest(self, cluster: int, count: int) -> list[int]:
        """Give the rows of a cluster that are nearest to its centre, the nearest first."""
        import numpy as np

        rows = np.flatnonzero(self.labels == cluster)
        order = np.lexsort((rows, -self.scores[rows]))[:count]
        return [int(row) for row in rows[order]]


def cluster(vectors: NDArray[np.float32], k: int | None, seed: int = 0) -> Clusters:
    """
    Group rows by cosine.

    Parameters
    ----------
    vectors
        (n, d) float32. Rows that hold NaN, or nothing but zeros, are left out.
    k
        How many clusters, at most as many as there are different directions; None takes, of 2 to
        12, the one with the highest mean silhouette (of equal ones the smallest).
    seed
        The same seed gives the same clusters.

    Raises
    ------
    ValueError
        There are fewer than `k` different directions, or none; the message is that number.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    step = max(1, ELEMENTS // max(1, vectors.shape[1]))
    rows = _rows_with_direction(vectors, step)
    if not len(rows):
        raise ValueError("0")
    learnt = directions(vectors, _some(rows, LEARNT, rng))
    different = _different(learnt, MOST if k is None else k)
    if k is not None and different < k:
        raise ValueError(str(different))
    quality = float("nan")
    if k is None:
        judged = directions(vectors, _some(rows, JUDGED, rng))
        k, quality = _choose(judged, different, rng)
    centres = _centres(learnt, k, rng)
    labels = np.full(len(vectors), -1, np.intp)
    scores = np.full(len(vectors), np.nan, np.float32)
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        cosines = directions(vectors, some) @ centres.T
        labels[some] = cosines.argmax(axis=1)
        scores[some] = np.clip(cosines.max(axis=1), -1, 1)
    return _by_size(labels, scores, centres, quality)


def _by_size(
    labels: NDArray[np.intp], scores: NDArray[np.float32], centres: NDArray[np.float32], q: float
) -> Clusters:
    """Put the clusters in order of size, and leave out those that no row is nearest to."""
    import numpy as np

    found, first, sizes = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    order = found[np.lexsort((first, -sizes))]
    number = np.full(len(centres) + 1, -1, np.intp)  # the last is that of rows without one
    number[order] = np.arange(len(order))
    return Clusters(number[labels], scores, centres[order], q)


def _rows_with_direction(vectors: NDArray[np.float32], step: int) -> NDArray[np.intp]:
    import numpy as np

    found = []
    for start in range(0, len(vectors), step):
        part = vectors[start : start + step]
        found.append(np.flatnonzero(np.isfinite(part).all(axis=1) & part.any(axis=1)) + start)
    return np.concatenate(found) if found else np.empty(0, np.intp)


def _some(rows: NDArray[np.intp], most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    import numpy as np

    if len(rows) <= most:
        return rows
    return np.sort(rng.choice(rows, most, replace=False))


def _different(rows: NDArray[np.float32], enough: int) -> int:
    """Count different directions, as far as it matters."""
    found: list[NDArray[np.float32]] = []
    left = rows
    while len(left) and len(found) < enough:
        found.append(left[0])
        left = left[left @ left[0] < 1 - SAME]
    return len(found)


def _choose(
    rows: NDArray[np.float32], different: int, rng: np.random.Generator
) -> tuple[int, float]:
    """Take the number of clusters with the highest mean silhouette."""
    import numpy as np

    best, quality = min(1, different), float("nan")
    for k in range(2, min(MOST, different, len(rows) - 1) + 1):
        cosines = rows @ _centres(rows, k, rng).T
        labels = cosines.argmax(axis=1)
        mean = float(np.mean(_silhouettes(rows, labels)))
        if not quality >= mean - SAME:
            best, quality = k, mean
    return best, quality


def _silhouettes(rows: NDArray[np.float32], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give each row's silhouette: 0 for a row alone in its cluster (Rousseeuw, 1987)."""
    import numpy as np

    found, place, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if len(found) < 2:  # noqa: PLR2004 - there is no other cluster
        return np.zeros(len(rows))
    sums, _ = _sums(rows, place, len(found))
    # The mean of 1 - cosine over a cluster is 1 less the cosine with its mean.
    apart = 1 - rows @ (sums / sizes[:, np.newaxis]).T
    each = np.arange(len(rows))
    own_size = sizes[place]
    own = apart[each, place] * own_size / np.maximum(own_size - 1, 1)
    apart[each, place] = np.inf
    other = apart.min(axis=1)
    most = np.maximum(np.maximum(own, other), SAME)
    return np.where(own_size > 1, (other - own) / most, 0.0)


def _centres(rows: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Find k centres: the best of several beginnings."""
    best, best_sum = None, -float("inf")
    starts = STARTS if len(rows) <= JUDGED else FEW_STARTS
    for _ in range(starts if k > 1 else 1):
        centres = _settle(rows, _begin(rows, k, rng))
        sum_ = float((rows @ centres.T).max(axis=1).sum(dtype="float64"))
        if best is None or sum_ > best_sum + SAME * len(rows):
            best, best_sum = centres, sum_
    assert best is not None
    return best


def _apart(rows: NDArray[np.float32], some: Any) -> NDArray[np.float64]:
    """Give how far each row is from some of them: 1 less the cosine, 0 where they are one."""
    import numpy as np

    found = 1.0 - (rows @ rows[some].T).astype(np.float64)
    return np.where(found < SAME, 0.0, found)


def _begin(rows: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Choose k rows far from each other: k-means++, the best of a few candidates each time."""
    import numpy as np

    tries = 2 + int(np.log(k))
    chosen = [int(rng.integers(len(rows)))]
    apart = _apart(rows, chosen)[:, 0]
    while len(chosen) < k:
        whole = apart.sum()
        if whole <= 0:
            chosen.append(chosen[0])
            continue
        some = rng.choice(len(rows), tries, p=apart / whole)
        left = np.minimum(apart[:, np.newaxis], _apart(rows, some))
        best = int(left.sum(axis=0).argmin())
        chosen.append(int(some[best]))
        apart = left[:, best]
    return rows[chosen].copy()


def _sums(
    rows: NDArray[np.float32], labels: NDArray[np.intp], count: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Add up the rows of each of `count` groups, and count them."""
    import numpy as np

    # As a product with rows of 0 and 1: many times faster than adding row by row.
    belongs = (labels == np.arange(count)[:, np.newaxis]).astype(np.float32)
    return (belongs @ rows).astype(np.float64), np.bincount(labels, minlength=count)


def _settle(rows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move each centre to the mean of its rows until they hardly move."""
    import numpy as np

    reached = -np.inf
    for _ in range(ROUNDS):
        cosines = rows @ centres.T
        labels = cosines.argmax(axis=1)
        mean = float(cosines.max(axis=1).mean(dtype=np.float64))
        if mean <= reached + ENOUGH:
            break
        reached = mean
        sums, sizes = _sums(rows, labels, len(centres))
        far = np.argsort(cosines.max(axis=1), kind="stable")
        for place, empty in enumerate(np.flatnonzero(sizes == 0)):
            sums[empty] = rows[far[place]]  # an empty cluster begins anew, at the row worst served
        norms = np.linalg.norm(sums, axis=1)
        flat = norms <= SAME  # rows that cancel each other out have no middle
        sums[flat], norms[flat] = centres[flat], 1.0
        centres = (sums / norms[:, np.newaxis]).astype(np.float32)
    return centres
