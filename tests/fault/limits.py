"""The paying server's rate limit: a bucket refilled continuously, told in headers or not."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class Limit:
    """
    So many requests per minute.

    Parameters
    ----------
    per_minute
        What a minute refills; the bucket holds as much.
    level
        What is in it at the start.
    told
        Whether answers carry Nebius's headers; a 429 always carries ``Retry-After``.
    """

    per_minute: float
    level: float
    told: bool
    at: float | None = field(default=None)

    def admit(self, now: float) -> tuple[bool, dict[str, str]]:
        """Take one request out of the bucket; tell whether it was there, and the headers."""
        per_second = self.per_minute / 60
        if self.at is not None:
            self.level = min(self.per_minute, self.level + (now - self.at) * per_second)
        self.at = now
        admitted = self.level >= 1
        if admitted:
            self.level -= 1
        headers = {}
        if not admitted:
            headers["retry-after"] = str(math.ceil((1 - self.level) / per_second))
        if self.told:
            full = (self.per_minute - self.level) / per_second
            headers |= {
                "x-ratelimit-limit-requests": f"{self.per_minute:.0f}",
                "x-ratelimit-remaining-requests": str(int(self.level)),
                "x-ratelimit-reset-requests": f"{math.ceil(full)}s",
                "x-ratelimit-dynamic-period-remaining": "900s",
            }
        return admitted, headers
