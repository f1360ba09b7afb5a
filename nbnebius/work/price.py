"""What a call costs: after it from its usage, before it as an upper bound. All in USD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nbnebius.types.record import Record

if TYPE_CHECKING:
    from nbnebius.types.model import ModelRecord
    from nbnebius.types.usage import Usage

PER_MILLION = 1_000_000
TEMPLATE_TOKENS = 256  # what a model's own template puts around a chat
READ = ("messages", "input", "prompt", "tools", "functions", "response_format", "guided_json")
# A batch costs half of what the same requests cost one by one (the API's page on batches).
BATCH_RATE = 0.5
PICTURE_TOKENS = 16_384  # more than any served vision model reads from one picture


def total(amounts: Iterable[float | None]) -> float | None:
    """Add amounts up; one that is unknown makes the sum unknown."""
    sum_ = 0.0
    for amount in amounts:
        if amount is None:
            return None
        sum_ += amount
    return sum_


class Price(Record, frozen=True):
    """USD per million tokens in and out, per image and per request; None is unknown."""

    tokens_in: float | None = None
    tokens_out: float | None = None
    image: float | None = None
    request: float | None = None

    @classmethod
    def of(cls, record: ModelRecord | None) -> Price:
        """Read the price from a catalog's record; of no record, everything is unknown."""
        if record is None:
            return cls()
        return cls(record.price_in, record.price_out, record.price_image, record.price_request)

    def at_rate(self, rate: float) -> Price:
        """Give the price of tokens and requests at a share of it."""
        told = (self.tokens_in, self.tokens_out, self.image, self.request)
        return Price(*(None if each is None else each * rate for each in told))

    def of_usage(self, usage: Usage | None) -> float | None:
        """Price an answer by the tokens that the server counted."""
        if usage is None or self.tokens_in is None:
            return None
        if usage.completion_tokens and self.tokens_out is None:
            return None
        out = usage.completion_tokens * (self.tokens_out or 0.0)
        return (usage.prompt_tokens * self.tokens_in + out) / PER_MILLION + (self.request or 0.0)

    def of_images(self, count: int) -> float | None:
        """Price pictures."""
        each = self.image if self.image is not None else self.request
        return None if each is None else each * count

    def bound(self, body: Mapping[str, Any]) -> float | None:
        """
        Give the most that a request can cost, or None where that is unknown.

        Bytes count as tokens, so it is never too low as long as the server honours
        ``max_tokens``; without one there is no bound.
        """
        if self.tokens_in is None or self.image is not None:
            return self.of_images(1) if "prompt" in body else None
        read = TEMPLATE_TOKENS + _most_tokens([body[name] for name in READ if name in body])
        written = 0.0
        if "messages" in body or "prompt" in body:
            longest = body.get("max_tokens") or body.get("max_completion_tokens")
            if longest is None or self.tokens_out is None:
                return None
            written = longest * (body.get("n") or 1) * self.tokens_out
        return (read * self.tokens_in + written) / PER_MILLION + (self.request or 0.0)


def _most_tokens(part: Any) -> int:
    if isinstance(part, str):
        return len(part.encode("utf-8", "replace"))
    if isinstance(part, Mapping):
        if "image_url" in part:
            return PICTURE_TOKENS
        return sum(8 + _most_tokens(value) for value in part.values())
    if isinstance(part, list | tuple):
        return sum(8 + _most_tokens(value) for value in part)
    return 8
