"""Moments as servers write them: seconds, milliseconds, text; all become seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

MILLISECONDS = 1e11
"""As seconds, this is the year 5138: a larger number counts milliseconds."""

LATEST = 9_223_372_000.0
"""In the year 2262, where the times of a DataFrame may end."""


def seconds(value: Any) -> float | None:
    """
    Read a moment as seconds since 1970, UTC; None for what cannot be one.

    Parameters
    ----------
    value
        A number, the text of a number, or an ISO 8601 date, which is UTC where it says nothing.

    Examples
    --------
    >>> seconds(1730723658), seconds("2024-11-04T12:34:18Z"), seconds(1730723658000), seconds("x")
    (1730723658.0, 1730723658.0, 1730723658.0, None)
    """
    if isinstance(value, str):
        value = _from_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value < MILLISECONDS * 1000:  # false for NaN too
        return None
    moment = value / 1000 if value > MILLISECONDS else float(value)
    return moment if 0 < moment <= LATEST else None  # zero is how some servers write "never"


def _from_text(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
