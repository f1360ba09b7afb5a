"""
Not sending faster than the server allows.

Limits are per model, so there is one lane per model. What is known comes from the headers and the
429s of earlier answers; a server that says neither is not slowed down. The clock is the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.types.record import Record, field

if TYPE_CHECKING:
    from nbnebius.transport.headers import RateLimits

LONGEST_HOLD = 60.0
"""Seconds that headers alone may hold a request back; a minute's window is full again by then."""


class _Bucket(Record):
    """What is left of one limit, refilled continuously."""

    left: float | None = None
    per_second: float = 0.0
    most: float = 0.0
    at: float = 0.0

    def level(self, now: float) -> float | None:
        if self.left is None:
            return None
        return min(self.most, self.left + max(now - self.at, 0.0) * self.per_second)

    def learn(
        self,
        limit: float | None,
        left: float | None,
        reset: float | None,
        now: float,
        under_way: float,
    ) -> None:
        if left is None or limit is None or limit <= 0:
            return
        # a reset tells the refill best; without it the limit is per minute
        missing = limit - left
        rate = missing / reset if reset and missing > 0 else limit / 60
        # what left after this answer's request is not counted in its headers yet
        self.left, self.at = left - under_way, now
        self.per_second, self.most = max(rate, limit / 60), limit

    def take(self, amount: float, now: float) -> None:
        level = self.level(now)
        if level is not None:
            self.left, self.at = level - amount, now

    def wait(self, amount: float, now: float) -> float:
        level = self.level(now)
        if level is None or level >= amount or self.per_second <= 0:
            return 0.0
        return (min(amount, self.most) - level) / self.per_second


class _Lane(Record):
    requests: _Bucket = field(default_factory=_Bucket)
    tokens: _Bucket = field(default_factory=_Bucket)
    closed_until: float = 0.0
    requests_under_way: int = 0
    tokens_under_way: float = 0.0


class Pacing:
    """
    The lanes of one client. All times are seconds of one monotonic clock.

    Attributes
    ----------
    share
        The part of the server's limits that is this client's, above 0 to 1: others use its key.
    """

    def __init__(self) -> None:
        self.share = 1.0
        self._lanes: dict[str, _Lane] = {}

    def wait(self, lane: str, now: float, tokens: float = 0.0) -> float:
        """Return the seconds until a request of so many tokens may leave; 0 for now."""
        state = self._lanes.get(lane)
        if state is None:
            return 0.0
        hold = max(state.requests.wait(1.0, now), state.tokens.wait(tokens, now))
        return max(min(hold, LONGEST_HOLD), state.closed_until - now, 0.0)

    def sent(self, lane: str, now: float, tokens: float = 0.0) -> None:
        """Enter that a request left; `landed` has to follow."""
        state = self._lanes.setdefault(lane, _Lane())
        state.requests.take(1.0, now)
        state.tokens.take(tokens, now)
        state.requests_under_way += 1
        state.tokens_under_way += tokens

    def landed(self, lane: str, tokens: float = 0.0) -> None:
        """Enter that a request is answered, or will not be."""
        state = self._lanes[lane]
        state.requests_under_way -= 1
        state.tokens_under_way -= tokens

    def unsent(self, lane: str, now: float, tokens: float = 0.0) -> None:
        """Enter that a request did not leave after all."""
        state = self._lanes[lane]
        state.requests.take(-1.0, now)
        state.tokens.take(-tokens, now)
        self.landed(lane, tokens)

    def learn(self, lane: str, limits: RateLimits, now: float) -> None:
        """Enter what an answer's headers say; its own request has `landed` already."""
        state = self._lanes.setdefault(lane, _Lane())
        state.requests.learn(
            self._part(limits.limit_requests),
            self._part(limits.remaining_requests),
            limits.reset_requests,
            now,
            state.requests_under_way,
        )
        state.tokens.learn(
            self._part(limits.limit_tokens),
            self._part(limits.remaining_tokens),
            limits.reset_tokens,
            now,
            state.tokens_under_way,
        )

    def _part(self, amount: float | None) -> float | None:
        return None if amount is None else amount * self.share

    def refused(self, lane: str, seconds: float, now: float) -> None:
        """Enter a 429 that asks for a pause of so many seconds."""
        state = self._lanes.setdefault(lane, _Lane())
        state.closed_until = max(state.closed_until, now + seconds)
