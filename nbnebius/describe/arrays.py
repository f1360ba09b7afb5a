"""Arrays as text: their shape, their spread, and the first of their values."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["array"]

_FIRST: Final = 20
_LONGEST_VALUE: Final = 80
_NUMBERS: Final = "iuf"


def array(value: Any, limit: int) -> str:
    """
    Describe an array in a few lines.

    Parameters
    ----------
    value
        A numpy array of any type and shape.
    limit
        The most characters; fewer first values are shown when it is small.
    """
    lines = [f"array of shape {tuple(value.shape)}, dtype {value.dtype}"]
    if value.size and value.dtype.kind in _NUMBERS:
        lines.append(_spread(value))
    if value.size:
        # `flat` is an iterator: nothing of a large array is copied.
        first = [_short(item) for item in value.flat[:_FIRST]]
        more = ", …" if value.size > _FIRST else ""
        lines.append(f"first values: {', '.join(first)}{more}")
    return "\n".join(lines)[:limit]


def _spread(value: Any) -> str:
    """Tell least, mean and greatest of what is a number, and how many are not."""
    import numpy as np

    missing = int(np.isnan(value).sum()) if value.dtype.kind == "f" else 0
    if missing == value.size:
        return "all values are NaN"
    least, mean, greatest = np.nanmin(value), np.nanmean(value, dtype=float), np.nanmax(value)
    told = f"min {least:g}, mean {mean:g}, max {greatest:g}"
    return f"{told}, {missing:,} NaN" if missing else told


def _short(item: Any) -> str:
    if getattr(getattr(item, "dtype", None), "kind", "") == "f":
        return f"{item:.6g}"
    return str(item)[:_LONGEST_VALUE]
