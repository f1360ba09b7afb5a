"""
Batches: many requests in one file, answered within a day at half the price.

Source: https://docs.tokenfactory.nebius.com/api-reference/batch-inference/list-batches
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

BatchState: TypeAlias = Literal["active", "done", "failed"]

DONE = frozenset({"completed", "complete", "done", "succeeded", "success"})
FAILED = frozenset({"failed", "expired", "cancelled", "canceled", "error"})


def batch_state(status: str | None) -> BatchState:
    """
    Sort a status: still ``active``, ``done``, or ``failed`` for good.

    The server's words are not a closed list: ``done`` and ``completed`` both occur, and a word
    nobody documented counts as active, so that it is asked about again.

    Examples
    --------
    >>> batch_state("done"), batch_state("validated"), batch_state("expired"), batch_state("new")
    ('done', 'active', 'failed', 'active')
    """
    word = (status or "").strip().lower()
    if word in DONE:
        return "done"
    return "failed" if word in FAILED else "active"


class RequestCounts(msgspec.Struct):
    """How many requests a batch holds; None where the server does not say yet."""

    total: int | None = None
    completed: int | None = None
    failed: int | None = None


class Batch(msgspec.Struct):
    """
    A batch, as the server tells it.

    Attributes
    ----------
    status
        The server's own word; `state` sorts it.
    input_file_id, output_file_id, error_file_id
        Files; the last two are missing until there is something in them. A batch that expired or
        was cancelled may have both.
    request_counts
        How far it is.
    metadata
        As given when it was created.
    errors
        Why it was refused, in the server's own shape.
    created_at, in_progress_at, …
        Seconds since 1970, as the server wrote them; `nbnebius.types.times.seconds` reads them.
    raw
        The object as the server sent it.
    """

    id: str = ""
    endpoint: str | None = None
    status: str | None = None
    model: str | None = None
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    completion_window: str | None = None
    request_counts: RequestCounts | None = None
    metadata: dict[str, Any] | None = None
    errors: Any = None
    usage: Any = None
    created_at: Any = None
    in_progress_at: Any = None
    finalizing_at: Any = None
    completed_at: Any = None
    failed_at: Any = None
    expired_at: Any = None
    expires_at: Any = None
    cancelling_at: Any = None
    cancelled_at: Any = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def state(self) -> BatchState:
        """Whether it is still ``active``, ``done``, or ``failed`` for good."""
        return batch_state(self.status)

    @property
    def ended_at(self) -> Any:
        """When it came to its end, as the server wrote it; None while it is active."""
        return self.completed_at or self.failed_at or self.expired_at or self.cancelled_at or None

    @property
    def error(self) -> str | None:
        """Why it was refused, in the server's words; None where it was not."""
        return message_of(self.errors)


def message_of(error: Any, depth: int = 6) -> str | None:
    """
    Find the words in an error of any shape: a text, an object, a list, one inside another.

    Examples
    --------
    >>> message_of({"data": [{"line": 3, "message": "no model"}]}), message_of({"code": None})
    ('no model', None)
    """
    if isinstance(error, str):
        return error.strip() or None
    if isinstance(error, int) and not isinstance(error, bool):
        return str(error) if error else None
    if depth <= 0:
        return None
    if isinstance(error, list):
        words = [found for one in error[:20] if (found := message_of(one, depth - 1))]
        return "; ".join(dict.fromkeys(words)) or None
    if not isinstance(error, dict):
        return None
    for name in ("message", "msg", "error", "detail", "errors", "data", "reason", "code", "type"):
        if words_here := message_of(error.get(name), depth - 1):
            return words_here
    return None
