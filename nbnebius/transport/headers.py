"""
Headers of answers: the ids of requests, and rate limits, whose values carry units.

Source: https://docs.tokenfactory.nebius.com/ai-models-inference/rate-limits
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_IDS = ("x-request-id", "x-inference-id", "request-id", "x-litellm-call-id")
"""Where a server names a request, the best first."""

NO_LIMIT = 1e10
"""What the API writes for "no limit"; as large or larger means none."""

LONGEST_RESET = 24 * 3600.0
"""Seconds; a longer reset is not believed."""

WRITTEN_DOWN = (*REQUEST_IDS, "content-type")
"""Headers that errors and the journal hold; a server may put into them what it was sent."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(ms|s|m|h|d)")
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,12})?|\.\d{1,12})([eE][+-]?\d{1,3})?")


class RateLimits(Record, frozen=True):
    """
    What a server said about its limits; None where it did not.

    Attributes
    ----------
    limit_requests, limit_tokens
        Per minute; None means unknown or unlimited.
    remaining_requests, remaining_tokens
        Left in the current window.
    reset_requests, reset_tokens
        Seconds until the window is full again.
    dynamic_remaining
        Seconds left of the window after which Nebius scales the limits.
    dynamic_usage_requests, dynamic_usage_tokens
        How much of the limit that window has used, as a fraction.
    over_limit
        This answer was served above the limit.
    """

    limit_requests: float | None = None
    limit_tokens: float | None = None
    remaining_requests: float | None = None
    remaining_tokens: float | None = None
    reset_requests: float | None = None
    reset_tokens: float | None = None
    dynamic_remaining: float | None = None
    dynamic_usage_requests: float | None = None
    dynamic_usage_tokens: float | None = None
    over_limit: bool = False


def read_rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """Read the limits from an answer's headers (lower-case names); None where it has none."""
    if not any(name.startswith("x-ratelimit-") for name in headers):
        return None

    def at(name: str) -> str:
        return headers.get(f"x-ratelimit-{name}", "")

    return RateLimits(
        limit_requests=_limit(at("limit-requests")),
        limit_tokens=_limit(at("limit-tokens")),
        remaining_requests=_limit(at("remaining-requests")),
        remaining_tokens=_limit(at("remaining-tokens")),
        reset_requests=_reset(at("reset-requests")),
        reset_tokens=_reset(at("reset-tokens")),
        dynamic_remaining=_reset(at("dynamic-period-remaining")),
        dynamic_usage_requests=fraction(at("dynamic-period-usage-requests")),
        dynamic_usage_tokens=fraction(at("dynamic-period-usage-tokens")),
        over_limit=at("over-limit").strip().lower() in {"yes", "true", "1"},
    )


def number(text: str) -> float | None:
    """Read a plain number that is finite and not negative; None for anything else."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) and value >= 0 else None


def duration(text: str) -> float | None:
    """Read ``1s``, ``6m0s``, ``1.766s``, ``120ms`` or a plain number as seconds."""
    text = text.strip().lower()
    if (plain := number(text)) is not None:
        return plain
    parts = _PART.findall(text)
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        return None
    return float(sum(float(amount) * _UNITS[unit] for amount, unit in parts))


def fraction(text: str) -> float | None:
    """Read ``1%`` as 0.01; a number without the sign is taken as it is."""
    text = text.strip()
    if text.endswith("%"):
        value = number(text[:-1])
        return None if value is None else value / 100
    return number(text)


def _limit(text: str) -> float | None:
    value = number(text)
    return None if value is None or value >= NO_LIMIT else value


def _reset(text: str) -> float | None:
    value = duration(text)
    return None if value is None or value > LONGEST_RESET else value
