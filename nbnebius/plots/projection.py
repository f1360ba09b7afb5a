"""Vectors onto a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FITTED = 2_000  # rows that the axes are computed from; more change them little and cost much


def principal(
    vectors: NDArray[np.float32],
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """
    Project onto the two directions in which the vectors differ most.

    Returns
    -------
    points, explained
        (n, 2), and the part of the variance on each axis, 0 to 1. The same vectors give the same
        points: each axis points to where its largest component is positive.
    """
    import numpy as np

    step = max(1, -(-len(vectors) // FITTED))
    fitted = vectors[::step].astype(np.float64)
    mean = fitted.mean(axis=0)
    fitted -= mean
    total = float((fitted**2).sum())
    n, d = fitted.shape
    # The smaller of the two product matrices has the same leading values.
    if n <= d:
        values, left = np.linalg.eigh(fitted @ fitted.T)
        axes = fitted.T @ left[:, ::-1][:, :2]
    else:
        values, right = np.linalg.eigh(fitted.T @ fitted)
        axes = right[:, ::-1][:, :2]
    if axes.shape[1] == 1:
        axes = np.hstack([axes, np.zeros_like(axes)])
    lengths = np.linalg.norm(axes, axis=0)
    axes = np.divide(axes, lengths, out=np.zeros_like(axes), where=lengths > 0)
    largest = axes[np.abs(axes).argmax(axis=0), [0, 1]]
    axes *= np.where(largest < 0, -1.0, 1.0)
    parts = [max(0.0, float(v)) / total if total else 0.0 for v in values[::-1][:2]]
    parts += [0.0] * (2 - len(parts))
    # The mean is taken off the points, so that no copy of all vectors is made.
    return vectors @ axes.astype(np.float32) - mean @ axes, (parts[0], parts[1])


def umap(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """
    Project by UMAP, which keeps neighbours together; needs the package ``umap-learn``.

    Raises
    ------
    OptionError
        It is not installed, or there are too few rows.
    """
    try:
        from umap import UMAP
    except ImportError:
        raise OptionError(
            "method='umap' needs the package umap-learn",
            hint="%pip install umap-learn, or leave the method out for PCA",
        ) from None
    if len(vectors) <= 3:  # noqa: PLR2004 - its own limit
        raise OptionError("UMAP needs more than 3 rows", hint="leave the method out for PCA")
    neighbours = min(15, len(vectors) - 1)
    points: NDArray[np.float64] = UMAP(
        n_neighbors=neighbours, metric="cosine", random_state=0
    ).fit_transform(vectors)
    return points
