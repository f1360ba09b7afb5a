"""Rate limits per model, refilled continuously, with the service's headers."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from nbnebius.sandbox.wire.failures import refused

_MINUTE = 60.0


@dataclass(slots=True)
class Bucket:
    """
    What may still be used of a limit per minute.

    Parameters
    ----------
    limit
        How much a minute refills, and how much the bucket holds.
    level
        How much is in it; below zero after an answer that was longer than what was left.
    at
        When the level was true.
    """

    limit: float
    level: float
    at: float

    def refill(self, now: float) -> None:
        """Bring the level to this moment."""
        self.level = min(self.limit, self.level + (now - self.at) * self.limit / _MINUTE)
        self.at = now

    def seconds_until(self, level: float) -> float:
        """Tell how long refilling to a level takes."""
        return max(0.0, (min(level, self.limit) - self.level) * _MINUTE / self.limit)


class Limits:
    """
    The buckets of all models.

    Parameters
    ----------
    clock
        Gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[Bucket, Bucket]] = {}

    def admit(self, model: str, per_minute: tuple[int, int], tokens: int) -> dict[str, str]:
        """
        Take one request and its prompt's tokens out of a model's buckets.

        Parameters
        ----------
        model
            The model's id.
        per_minute
            Its limits: requests and tokens per minute.
        tokens
            The tokens of the prompt.

        Returns
        -------
        dict
            The rate limit headers of the answer.

        Raises
        ------
        ApiError
            429 with ``Retry-After`` when one of the buckets is empty.
        """
        now = self._clock()
        requests, used = self._of(model, per_minute, now)
        requests.refill(now)
        used.refill(now)
        wait = max(requests.seconds_until(1), used.seconds_until(tokens))
        if wait > 0:
            headers = {**_headers(requests, used), "retry-after": str(math.ceil(wait))}
            raise refused(429, "Rate limit exceeded", headers)
        requests.level -= 1
        used.level -= tokens
        return _headers(requests, used)

    def spend(self, model: str, tokens: int) -> None:
        """Take the tokens of an answer out of a model's bucket."""
        if model in self._buckets:
            self._buckets[model][1].level -= tokens

    def _of(self, model: str, per_minute: tuple[int, int], now: float) -> tuple[Bucket, Bucket]:
        if model not in self._buckets:
            requests, tokens = map(float, per_minute)
            self._buckets[model] = (Bucket(requests, requests, now), Bucket(tokens, tokens, now))
        return self._buckets[model]


def _headers(requests: Bucket, tokens: Bucket) -> dict[str, str]:
    """Write the headers with the units that the real service puts into them."""
    headers = {"x-ratelimit-dynamic-period-remaining": "900s"}
    for name, bucket in (("requests", requests), ("tokens", tokens)):
        used = 100 * (1 - bucket.level / bucket.limit)
        headers |= {
            f"x-ratelimit-limit-{name}": f"{bucket.limit:.0f}",
            f"x-ratelimit-remaining-{name}": str(max(0, int(bucket.level))),
            f"x-ratelimit-reset-{name}": f"{math.ceil(bucket.seconds_until(bucket.limit))}s",
            f"x-ratelimit-dynamic-scale-{name}": "1.00",
            f"x-ratelimit-dynamic-period-usage-{name}": f"{min(100, max(0, math.ceil(used)))}%",
        }
    return headers
