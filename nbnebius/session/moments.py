"""Moments and ages as people write them."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Any

from nbnebius.errors import OptionError

SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 604_800.0}
AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([hdw])", re.IGNORECASE)


def age(text: str, name: str = "older_than") -> float:
    """
    Read an age: 12h, 30d or 4w; in seconds.

    Raises
    ------
    OptionError
        It is none.
    """
    found = AGE.fullmatch(text.strip())
    if found is None:
        raise OptionError(
            f"{name} cannot be {text[:40]!r}", why="it takes hours, days or weeks: 12h, 30d, 4w"
        )
    return float(found[1]) * SECONDS[found[2].lower()]


def moment(value: Any, name: str) -> float:
    """
    Read a moment; in seconds since 1970, UTC.

    Parameters
    ----------
    value
        A date or time (without a zone: UTC), its ISO text, an age (``7d`` is a week ago), or
        seconds since 1970.

    Raises
    ------
    OptionError
        It is none of these.
    """
    if isinstance(value, str):
        if AGE.fullmatch(value.strip()):
            return time.time() - age(value)
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise _no_moment(value, name) from None
    if isinstance(value, dt.datetime):
        whole = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return whole.timestamp()
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time(), dt.UTC).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - nan is no moment
        raise _no_moment(value, name)
    return float(value)


def _no_moment(value: Any, name: str) -> OptionError:
    return OptionError(
        f"{name} cannot be {str(value)[:40]!r}",
        why="it takes a date or time as 2026-11-30 or 2026-11-30T12:00, or an age as 7d",
    )
