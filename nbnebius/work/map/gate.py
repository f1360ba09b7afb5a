"""
How many requests are in flight, and how fast they leave: learned from the server's refusals.

The number in flight grows with every answer and is halved by a refusal, as a TCP window is. Where
refusals come, the rate that the server did serve is learned too, and kept to with a slow rise; so
a limit is met without floods even where no header tells it. Headers that do tell it are minded by
the transport's own pacing.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.errors import NebiusError

START = 8
"""In flight before the first answers have come."""

ENOUGH = 10
"""Answers between two refusals that say something of a rate; fewer may be chance."""

LONGEST = 5.0
"""Seconds between two requests, at the most: a learned rate is a guess."""

RISE = 0.002
"""By how much of itself the learned rate rises in a second, soon after a refusal."""

SURE = 60.0
"""Seconds without a refusal after which it rises faster and faster: the limit may have moved."""

LASTING = 20.0
"""Seconds over which a rate is well known."""

UNDER, BACK = 0.95, 0.8
"""Of the rate that was served, and of a rate that was refused at once, what is tried next."""


class Closed(Exception):  # noqa: N818 - it is no fault
    """Nothing more may leave."""


class Gate:
    """
    Lets requests out.

    Parameters
    ----------
    most
        Most in flight.
    clock
        Seconds of a monotonic clock.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.window = float(min(most, START))
        self.in_flight = 0
        self.on_the_way = 0
        self.landing = 0
        self.rate: float | None = None
        self._clock = clock
        self._slow_start = True
        self._waiting: deque[anyio.Event] = deque()
        self._closed = False
        self._closing = anyio.Event()
        self._cut_at = self._since = clock()
        self._served = 0
        self._next = self._least = 0.0

    def close(self) -> None:
        """Let nothing out any more; whoever waits hears it."""
        self._closed = True
        self._closing.set()
        while self._waiting:
            self._waiting.popleft().set()

    def check(self) -> None:
        """Raise `Closed` where nothing more may leave."""
        if self._closed:
            raise Closed

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way and nothing has still to be entered."""
        return self.on_the_way == 0 and self.landing == 0

    async def enter(self) -> float:
        """
        Wait for a place; gives the moment it was got.

        Raises
        ------
        Closed
            Nothing more may leave.
        """
        while not self._closed and self.in_flight >= max(1, int(self.window)):
            free = anyio.Event()
            self._waiting.append(free)
            try:
                await free.wait()
            except BaseException:
                self._give_up(free)
                raise
        if self._closed:
            raise Closed
        self.in_flight += 1
        try:
            await self._pace()
        except BaseException:
            self.leave()
            raise
        return self._clock()

    def _give_up(self, free: anyio.Event) -> None:
        """Wait no longer; a place that came too late is the next one's."""
        if free.is_set():
            self._let_in()
        elif free in self._waiting:
            self._waiting.remove(free)

    def _let_in(self) -> None:
        """Let the next one look, where there is a place."""
        if self._waiting and self.in_flight < int(self.window):
            self._waiting.popleft().set()

    def leave(self) -> None:
        """Give a place back."""
        self.in_flight -= 1
        self._let_in()

    def served(self) -> None:
        """Hear of an answer: one more may be in flight."""
        self._served += 1
        step = 1.0 if self._slow_start else 1.0 / max(self.window, 1.0)
        self.window = min(float(self.most), self.window + step)
        if self.rate is not None:
            calm = (self._clock() - self._cut_at) / SURE
            # a request each 1/rate seconds: a share of itself per second
            self.rate += RISE * (1 + calm * calm)
        self._let_in()

    def refused(self, sent_at: float) -> None:
        """Hear of a refusal; those of one flood count once."""
        if sent_at < self._cut_at:
            return
        now = self._clock()
        self._slow_start = False
        self.window = max(1.0, self.window / 2)
        if self._served >= ENOUGH:
            took = max(now - self._since, 1e-3)
            self.rate = UNDER * self._served / took
            # A burst that was saved up says nothing of a rate, many seconds do.
            self._least = BACK * self.rate if took >= LASTING else 0.0
            self._since, self._served = now, 0
        elif self.rate is not None:
            self.rate = max(BACK * self.rate, self._least)
        if self.rate is not None:
            self._next = max(self._next, now + min(2.0 / self.rate, LONGEST))
        self._cut_at = now

    async def _pace(self) -> None:
        if self.rate is None:
            return
        now = self._clock()
        self._next = max(self._next, now)
        pause, self._next = self._next - now, self._next + min(1.0 / self.rate, LONGEST)
        if pause > 0:
            with anyio.move_on_after(pause):
                await self._closing.wait()
            self.check()


class Turn:
    """
    One request's way through the gate: a `Flow` of the transport.

    Parameters
    ----------
    gate
        Which.
    heard
        Is told of what makes the request fail, while its place is still its own.

    Attributes
    ----------
    in_flight
        Whether an attempt is under way.
    doubtful
        How many attempts that were followed by another may have been paid for.
    last_is_doubtful
        Whether the latest attempt has ended without an answer, and may have been paid for.
    """

    def __init__(self, gate: Gate, heard: Callable[[NebiusError], object]) -> None:
        self.doubtful = 0
        self.last_is_doubtful = False
        self._gate = gate
        self._heard = heard
        self._sent_at = 0.0
        self._landing = False
        self._is_sent = False
        self.in_flight = False

    async def turn(self) -> None:
        """Wait until an attempt may leave."""
        self._land()
        self._sent_at = await self._gate.enter()
        self.in_flight = True

    def sent(self) -> None:
        """Hear that an attempt may be paid for from here on; `Closed` where it may not leave."""
        self._gate.check()
        self._is_sent = True
        self._gate.on_the_way += 1

    def check(self) -> None:
        """Raise `Closed` where nothing more may leave."""
        self._gate.check()

    def failed(self, error: NebiusError) -> None:
        """Hear why the request has failed, before its place is another's."""
        self._heard(error)

    def released(self, *, doubtful: bool = False) -> None:
        """Hear that an attempt has ended, and is queued to be kept."""
        self.last_is_doubtful = self.last_is_doubtful or doubtful
        if self._is_sent:
            self._is_sent = False
            self._gate.on_the_way -= 1
            self._landing = True
            self._gate.landing += 1
        if self.in_flight:
            self.in_flight = False
            self._gate.leave()

    def paused(self, *, refused: bool, doubtful: bool) -> None:
        """Hear that another attempt will follow after a pause."""
        self._land()
        self.doubtful += doubtful
        self.last_is_doubtful = False
        if refused:
            self._gate.refused(self._sent_at)

    def end(self, *, served: bool) -> None:
        """Tell that the request is over, and its outcome is entered."""
        self.released()
        self._land()
        if served:
            self._gate.served()

    def _land(self) -> None:
        if self._landing:
            self._landing = False
            self._gate.landing -= 1
