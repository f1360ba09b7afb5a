"""When an attempt may leave: in its turn among many, at the server's pace, after its pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from nbnebius.events import Retrying
from nbnebius.transport.pacing import Pacing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nbnebius.events import Observer
    from nbnebius.transport.headers import RateLimits
    from nbnebius.transport.request import Request
    from nbnebius.transport.retry import Decision, Failure

NOTICED = 1.0
"""Seconds; a shorter pause is not worth telling."""

LOOK = 1.0
"""Seconds between two looks at whether a flow that waits has ended."""

TOO_MANY = 429


class Clocked(Protocol):
    """Who sends: a `Transport`."""

    observer: Observer | None
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float]


class Turns:
    """
    The turns of one transport's attempts.

    Parameters
    ----------
    sender
        Whose clock, pauses and observer they are.
    """

    def __init__(self, sender: Clocked) -> None:
        self._sender = sender
        self._pacing = Pacing()

    def share_limits(self, share: float) -> None:
        """Use only this part of the server's limits; see `Transport.share_limits`."""
        self._pacing.share = share

    async def wait(self, request: Request, number: int) -> None:
        """Wait until an attempt may leave; `landed` or `unsent` has to follow."""
        sender, lane, tokens = self._sender, request.lane, request.tokens
        if request.flow is not None:
            await request.flow.turn()
        try:
            is_told = False
            while (seconds := self._pacing.wait(lane, sender.clock(), tokens)) > 0:
                if seconds >= NOTICED and sender.observer is not None and not is_told:
                    sender.observer(Retrying("rate limit", seconds, number))
                    is_told = True
                # A flow that ends meanwhile must not wait for what will not leave.
                await self._sleep(request, seconds if request.flow is None else min(seconds, LOOK))
        except BaseException:
            if request.flow is not None:
                request.flow.released()
            raise
        self._pacing.sent(lane, sender.clock(), tokens)

    def unsent(self, request: Request) -> None:
        """Enter that an attempt did not leave after all."""
        self._pacing.unsent(request.lane, self._sender.clock(), request.tokens)

    def landed(self, request: Request) -> None:
        """Enter that an attempt is answered, or will not be."""
        self._pacing.landed(request.lane, request.tokens)

    def learn(self, request: Request, limits: RateLimits) -> None:
        """Enter what an answer says about limits."""
        self._pacing.learn(request.lane, limits, self._sender.clock())

    def refused(self, request: Request, failure: Failure, decision: Decision) -> None:
        """Let others know where the server is full, before one of them takes the place."""
        if failure.status == TOO_MANY and decision.action == "again":
            self._pacing.refused(request.lane, decision.seconds, self._sender.clock())

    async def pause(
        self, request: Request, failure: Failure, decision: Decision, number: int
    ) -> None:
        """Wait before the next attempt."""
        sender, refused = self._sender, failure.status == TOO_MANY
        if request.flow is not None:
            request.flow.paused(refused=refused, doubtful=decision.state == "possibly_paid")
        if sender.observer is not None:
            sender.observer(Retrying(failure.reason, decision.seconds, number + 1))
        await self._sleep(request, decision.seconds)

    async def _sleep(self, request: Request, seconds: float) -> None:
        """Pause; raises what ends the request's flow, should it end meanwhile."""
        await self._sender.sleep(seconds)
        if request.flow is not None:
            request.flow.check()
