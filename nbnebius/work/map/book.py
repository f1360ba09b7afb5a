"""
What is known of each request of a job: its answer, how it stands, what it took.

It is filled on the background loop and may be read from any thread at any time: a frame of what is
there so far is made of it.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbnebius.work.price import total

if TYPE_CHECKING:
    from nbnebius.types.usage import Usage

Status: TypeAlias = Literal["unsent", "ok", "partial", "failed", "possibly_paid"]
STATUSES: tuple[Status, ...] = ("unsent", "ok", "partial", "failed", "possibly_paid")
_CODES = {status: code for code, status in enumerate(STATUSES)}


@dataclass(slots=True)
class Found:
    """
    One request's outcome.

    Attributes
    ----------
    value
        A text, or a record by the schema; None where there is no answer.
    error
        What is wrong with it, in one line.
    again
        It is of no use, so that running again asks again.
    answered
        An answer came, of whatever use.
    usage
        Its tokens.
    cost
        USD paid for it; None is unknown.
    """

    status: Status
    value: Any = None
    error: str | None = None
    again: bool = False
    answered: bool = False
    usage: Usage | None = None
    cost: float | None = None

    @property
    def tokens(self) -> int | None:
        """Tokens read and written together."""
        if self.usage is None:
            return None
        return self.usage.prompt_tokens + self.usage.completion_tokens


@dataclass(slots=True)
class Counts:
    """How many requests stand how; `cost` is USD spent now, None where a price is unknown."""

    kept: int = 0
    bought: int = 0
    ok: int = 0
    partial: int = 0
    failed: int = 0
    possibly_paid: int = 0
    cost: float | None = 0.0
    doubt: float = 0.0
    tokens: int = 0

    @property
    def done(self) -> int:
        """How many need nothing more in this run."""
        return self.ok + self.partial + self.failed + self.possibly_paid


@dataclass(slots=True)
class Book:
    """
    The outcomes of all requests of a job, by their numbers.

    Attributes
    ----------
    useless
        The newest committed record of requests whose answers are of no use.
    counts
        The sums.
    """

    requests: int
    status: bytearray = field(init=False)
    cached: bytearray = field(init=False)
    values: list[Any] = field(init=False)
    tokens: array[float] = field(init=False)
    cost: array[float] = field(init=False)
    errors: dict[int, str] = field(default_factory=dict)
    useless: dict[int, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    _same: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.status = bytearray(self.requests)
        self.cached = bytearray(self.requests)
        self.values = [None] * self.requests
        self.tokens = array("d", [math.nan]) * self.requests
        self.cost = array("d", [math.nan]) * self.requests

    def is_open(self, number: int) -> bool:
        """Tell whether a request has no outcome yet."""
        return self.status[number] == 0

    @property
    def open(self) -> int:
        """How many requests have no outcome yet."""
        return self.requests - self.counts.done

    def enter(self, number: int, found: Found, *, cached: bool = False) -> None:
        """Enter a request's outcome; a later one replaces an earlier one."""
        counts = self.counts
        before = STATUSES[self.status[number]]
        if before != "unsent":
            setattr(counts, before, getattr(counts, before) - 1)
        setattr(counts, found.status, getattr(counts, found.status) + 1)
        self.values[number] = self._shared(found.value)
        self.tokens[number] = math.nan if found.tokens is None else found.tokens
        if found.error:
            self.errors[number] = found.error
        else:
            self.errors.pop(number, None)
        if cached:
            counts.kept += 1
            self.cached[number] = 1
            self.cost[number] = 0.0
        else:
            free = not found.answered and found.status == "failed"
            self.cost[number] = 0.0 if free else math.nan if found.cost is None else found.cost
            counts.tokens += found.tokens or 0
            counts.bought += found.status in {"ok", "partial"}
            if found.answered:
                counts.cost = total((counts.cost, found.cost))
        self.status[number] = _CODES[found.status]  # last: now others may look

    def _shared(self, value: Any) -> Any:
        """Hold equal short texts once: a label stands in thousands of rows."""
        if isinstance(value, str) and len(value) < 64:  # noqa: PLR2004 - a label
            if len(self._same) > 10_000:  # noqa: PLR2004 - they are no labels
                self._same.clear()
            return self._same.setdefault(value, value)
        if isinstance(value, dict):
            return {name: self._shared(inner) for name, inner in value.items()}
        return value
