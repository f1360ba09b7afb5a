"""What a plot reads of a frame: its vectors, a column's values, a row's label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def check_frame(frame: Any, *columns: str | None, made_by: str = "embed") -> None:
    """
    Check that a frame has these columns (None is none); `made_by` says what gives such a frame.

    Raises
    ------
    OptionError
        It is no frame, or has no such column.
    """
    if not hasattr(frame, "iloc") or not hasattr(frame, "columns"):
        raise OptionError(
            f"A {type(frame).__name__} is no frame", hint=f"plot what {made_by} gives"
        )
    for name in columns:
        if name is not None and name not in frame.columns:
            raise OptionError(
                f"The frame has no column {name!r}",
                why="its columns are " + ", ".join(map(str, frame.columns[:12])),
                hint=f"plot what {made_by} gives, or name one of these",
            )


def places_of_vectors(frame: Any, column: str) -> list[int]:
    """Give the positions of the rows that have a vector."""
    return [
        place
        for place, row in enumerate(frame[column])
        if hasattr(row, "__len__") and not isinstance(row, str | bytes) and len(row)
    ]


def vectors_at(frame: Any, column: str, places: Sequence[int]) -> NDArray[np.float32]:
    """
    Give some rows' vectors as one (n, d) float32 matrix.

    Raises
    ------
    OptionError
        They are not numbers, or not of one size.
    """
    import numpy as np

    rows = frame[column].iloc[list(places)]
    try:
        found = np.stack([np.asarray(row, np.float32) for row in rows])
    except (TypeError, ValueError):
        found = np.full((1, 1), np.nan, np.float32)
    if found.ndim != 2 or not np.isfinite(found).all():  # noqa: PLR2004 - a matrix
        raise OptionError(
            f"The rows of {column!r} are no vectors of one size",
            hint="embed all rows with one model and one --dimensions",
        )
    return found


def short(value: Any, most: int) -> str:
    """Give a value as one short line that matplotlib takes as it is: ``$`` begins no formula."""
    missing = value is None or value != value  # noqa: PLR0124 - only NaN differs from itself
    text = "missing" if missing else " ".join(str(value).split())
    return (text if len(text) <= most else text[: most - 1] + "…").replace("$", r"\$")


def small(value: float, digits: int = 2) -> str:
    """
    Write a number by the digits that mean something, without an exponent.

    Examples
    --------
    >>> small(0.0000189), small(0.5), small(12.34), small(0)
    ('0.000019', '0.5', '12', '0')
    """
    from decimal import Decimal

    return f"{Decimal(f'{value:.{digits}g}'):,f}"


def new_axes(ax: Any, width: float, height: float) -> Any:
    """Give the axes to draw in; new ones are a figure of pyplot's, which a notebook shows once."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]
