"""
A server that only limits rates, on somebody else's clock.

Limits per minute for requests and tokens, refilled continuously, as Nebius has them: after a window
of 15 minutes they are scaled by 1.2 where 80 % were used, by 1/1.5 where less than half was. They
may move by themselves too, and they may be told in headers or not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import random

Telling = Literal["with units", "plain", "retry-after alone", "nothing"]
WINDOW = 900.0
MOST = 20.0


@dataclass(slots=True)
class Bucket:
    """One limit: its size per minute, what is in it, and what was taken and given."""

    base: float
    scale: float = 1.0
    level: float = 0.0
    at: float = 0.0
    taken: float = 0.0
    given: float = 0.0
    in_window: float = 0.0

    @property
    def limit(self) -> float:
        return self.base * self.scale

    def refill(self, now: float) -> None:
        gain = (now - self.at) * self.limit / 60
        self.given += gain
        self.level, self.at = min(self.limit, self.level + gain), now

    def seconds_until(self, level: float) -> float:
        return max(0.0, (min(level, self.limit) - self.level) * 60 / self.limit)

    def take(self, amount: float) -> None:
        self.level -= amount
        self.taken += amount
        self.in_window += amount

    def next_window(self) -> None:
        used = self.in_window / (self.limit * WINDOW / 60)
        self.scale = (
            self.scale * 1.2 if used >= 0.8 else self.scale / 1.5 if used < 0.5 else self.scale
        )
        self.scale, self.in_window = min(max(self.scale, 1.0), MOST), 0.0


@dataclass(slots=True)
class MovingLimit:
    """
    The limits of one model.

    Parameters
    ----------
    requests, tokens
        Per minute.
    telling
        What the headers say.
    dice
        Of how the limits move; None where they only scale.
    """

    requests: Bucket
    tokens: Bucket
    telling: Telling
    dice: random.Random | None = None
    window_ends: float = WINDOW
    moves_at: float = 400.0
    seen: int = 0
    refused: int = 0
    log: list[tuple[float, bool]] = field(default_factory=list)

    def admit(self, now: float, tokens: float) -> tuple[bool, dict[str, str]]:
        """Take one request; give whether it was there, and the headers."""
        self._pass(now)
        wait = max(self.requests.seconds_until(1), self.tokens.seconds_until(tokens))
        self.seen += 1
        admitted = wait <= 0
        if admitted:
            self.requests.take(1)
            self.tokens.take(tokens)
        else:
            self.refused += 1
        self.log.append((now, admitted))
        return admitted, self._headers(0.0 if admitted else wait)

    def _pass(self, now: float) -> None:
        while (then := min(self.window_ends, self.moves_at)) <= now:
            for bucket in (self.requests, self.tokens):
                bucket.refill(then)
                if then == self.window_ends:
                    bucket.next_window()
                elif self.dice is not None:
                    bucket.base *= self.dice.uniform(0.7, 1.4)
                    bucket.level = min(bucket.level, bucket.limit)
            if then == self.window_ends:
                self.window_ends += WINDOW
            else:
                self.moves_at += 400.0
        self.requests.refill(now)
        self.tokens.refill(now)

    def _headers(self, wait: float) -> dict[str, str]:
        told = {"retry-after": str(math.ceil(wait))} if wait and self.telling != "nothing" else {}
        if self.telling not in {"with units", "plain"}:
            return told
        unit = "s" if self.telling == "with units" else ""
        for name, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            unlimited = bucket.limit >= 1e9
            told[f"x-ratelimit-limit-{name}"] = "1e10" if unlimited else f"{bucket.limit:.0f}"
            told[f"x-ratelimit-remaining-{name}"] = str(max(0, int(bucket.level)))
            full = math.ceil(bucket.seconds_until(bucket.limit))
            told[f"x-ratelimit-reset-{name}"] = f"{full // 60}m{full % 60}s" if unit else str(full)
        told["x-ratelimit-dynamic-period-remaining"] = "900s"
        told["x-ratelimit-dynamic-period-usage-requests"] = "1%"
        return told
