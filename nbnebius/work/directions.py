"""Rows of a matrix as directions: length 1, so that a product of two is their cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def directions(vectors: NDArray[np.float32], rows: NDArray[np.intp] | slice) -> NDArray[np.float32]:
    """
    Give some rows at length 1.

    Parameters
    ----------
    vectors
        (n, d) float32.
    rows
        m places in it.

    Returns
    -------
    (m, d) float32
        Rows without a direction, as those that hold NaN or nothing but zeros, are NaN.
    """
    import numpy as np

    part = vectors[rows].astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", part, part))
    lengths[lengths == 0] = np.nan
    part /= lengths[:, np.newaxis]
    part[~np.isfinite(part).all(axis=1)] = np.nan
    return part.astype(np.float32)
