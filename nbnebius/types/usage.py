"""
How many tokens an answer took.

The counts come in several shapes: reasoning tokens under ``completion_tokens_details`` or on top,
cached tokens under ``prompt_tokens_details`` or on top. One record holds them all.
"""

from __future__ import annotations

from typing import Any

import msgspec

MOST_TOKENS = 10**12
"""No request has more; a larger count is a server's mistake, and money is computed from these."""


class Usage(msgspec.Struct, frozen=True):
    """
    The tokens of one answer.

    Parameters
    ----------
    prompt_tokens
        Tokens read.
    completion_tokens
        Tokens written, reasoning included.
    total_tokens
        Both together.
    reasoning_tokens
        Of `completion_tokens`, how many were reasoning; None where the server does not say.
    cached_tokens
        Of `prompt_tokens`, how many came from a cache; None where the server does not say.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


def read_usage(wire: Any) -> Usage | None:
    """
    Read a ``usage`` object of any known shape; None where it holds no count at all.

    Counts that cannot be (negative, not a number, beyond 10**12) become 0 or None.
    """
    if not isinstance(wire, dict):
        return None
    prompt, completion = count(wire.get("prompt_tokens")), count(wire.get("completion_tokens"))
    total = count(wire.get("total_tokens"))
    if prompt is None and completion is None and total is None:
        return None
    return Usage(
        prompt_tokens=prompt or 0,
        completion_tokens=completion or 0,
        total_tokens=(prompt or 0) + (completion or 0) if total is None else total,
        reasoning_tokens=_first(
            _inner(wire, "completion_tokens_details", "reasoning_tokens"),
            wire.get("reasoning_tokens"),
        ),
        cached_tokens=_first(
            _inner(wire, "prompt_tokens_details", "cached_tokens"),
            wire.get("cached_tokens"),
            wire.get("prompt_cache_hit_tokens"),
        ),
    )


def count(value: Any) -> int | None:
    """Read a count of tokens; None for what cannot be one."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= MOST_TOKENS:  # false for NaN too
        return None
    return int(value)


def _inner(wire: dict[str, Any], outer: str, name: str) -> Any:
    details = wire.get(outer)
    return details.get(name) if isinstance(details, dict) else None


def _first(*values: Any) -> int | None:
    return next((n for value in values if (n := count(value)) is not None), None)
