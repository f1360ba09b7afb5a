"""When to paint again what grows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Repaint"]

_COST_FACTOR: Final = 5.0
_BYTES_PER_SECOND: Final = 30_000  # nobody reads faster than a long answer grows by this


class Repaint:
    """
    Tells when the next repaint is due.

    The first is due at once. After that a repaint waits for the interval, for five times what the
    last one cost, and for the connection: every repaint sends everything again, so what is long is
    repainted less often.

    Parameters
    ----------
    clock
        Seconds that only go forward.
    interval
        The least time between two repaints, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, interval: float = 0.1) -> None:
        self._clock = clock
        self._interval = interval
        self._due = float("-inf")

    def is_due(self) -> bool:
        """Tell whether it is time."""
        return self._clock() >= self._due

    def paint(self, paint: Callable[[], int]) -> None:
        """Paint, and reckon from what it cost and the bytes it gives when the next one is due."""
        started = self._clock()
        size = paint()
        ended = self._clock()
        self._due = max(
            started + self._interval,
            ended + _COST_FACTOR * (ended - started),
            ended + size / _BYTES_PER_SECOND,
        )
