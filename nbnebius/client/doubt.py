"""Requests that may have been carried out although their answer is missing."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from nbnebius.errors import (
    ConnectError,
    JournalError,
    NebiusError,
    ResponseError,
    ServerError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeVar

    from nbnebius.transport import Transport

    T = TypeVar("T")

LOOKS = 3
PAUSE = 2.0
"""Seconds before each look: what was made may be listed a moment later."""

SLACK = 5.0
"""Seconds that a server's own clocks may differ."""

UNAVAILABLE = 503


def is_doubtful(error: NebiusError) -> bool:
    """Tell whether the server may have done what was asked before this error."""
    if isinstance(error, ServerError):
        return error.status != UNAVAILABLE
    if isinstance(error, TransportError):
        return not isinstance(error, ConnectError)
    if isinstance(error, JournalError):
        return error.unkept
    return isinstance(error, ResponseError)


async def look_for(transport: Transport, find: Callable[[], Awaitable[T | None]]) -> T | None:
    """Look a few times for what may have been made; None where it is not found."""
    for _ in range(LOOKS):
        await transport.sleep(PAUSE)
        found = await find()
        if found is not None:
            return found
    return None


def server_time(headers: Mapping[str, str]) -> float:
    """Return a server's time by its own clock, else by this machine's."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return time.time()
