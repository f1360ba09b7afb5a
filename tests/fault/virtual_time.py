"""An asyncio loop whose clock jumps to the next thing that is due: hours in a second."""

from __future__ import annotations

import asyncio
import selectors


class _Jumping(selectors.DefaultSelector):
    """A selector that waits by moving a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list:
        if timeout is None:
            raise RuntimeError("nothing is due any more: everybody waits for everybody")
        # a little always, or whoever waits for less than the clock can tell would wait for ever
        self.now += max(timeout, 1e-7)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; ``time()`` begins with 0, in seconds."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now
