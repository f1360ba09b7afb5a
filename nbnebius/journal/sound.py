"""What makes sense: checks of the rows that a damaged journal hands out."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from nbnebius.journal.keys import KEY_BYTES, mark_of
from nbnebius.journal.packing import unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Row: TypeAlias = dict[str, Any]
    Check: TypeAlias = Callable[[Row], bool]

ENDPOINTS = {
    "chat": "chat/completions",
    "completion": "completions",
    "image": "images/generations",
    "rerank": "rerank",
}
KINDS = frozenset({*ENDPOINTS, "embedding"})
STATES = frozenset({"sent", "batched", "done", "partial", "failed", "possibly_paid"})
TURN_STATES = frozenset({"done", "partial"})
EARLIEST = 1.5e9  # seconds since 1970: before this package there was no journal
LATEST = 1e10


def _is_time(value: Any, *, needed: bool = True) -> bool:
    if value is None:
        return not needed
    return isinstance(value, int | float) and EARLIEST <= value <= LATEST


def _is_amount(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and 0 <= value < LATEST)


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and 0 <= value < LATEST)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _is_key(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == KEY_BYTES


def _good_call(row: Row) -> bool:
    return (
        _is_key(row["key"])
        and row["kind"] in KINDS
        and row["state"] in STATES
        and row["private"] in {0, 1}
        and all(_is_word(row[name]) for name in ("service", "model", "session"))
        and isinstance(row["place"], str)
        and isinstance(row["error"], str)
        and _is_time(row["sent_at"])
        and _is_time(row["ended_at"], needed=False)
        and all(_is_count(row[name]) for name in ("prompt_tokens", "completion_tokens", "images"))
        and all(_is_amount(row[name]) for name in ("cost", "cost_bound"))
        and all(_is_count(row[name]) for name in ("attempt", "status", "repeat"))
    )


def _good_job(row: Row) -> bool:
    words = all(_is_word(row[name]) for name in ("kind", "state"))
    if not (words and isinstance(row["key"], bytes) and _is_time(row["made_at"])):
        return False
    try:
        json.loads(row["detail"])
    except (TypeError, ValueError, RecursionError):
        return False
    return _is_time(row["ended_at"], needed=False) and _is_amount(row["budget"])


def _good_note(row: Row) -> bool:
    return _is_word(row["name"]) and isinstance(row["value"], str)


def _good_reuse(row: Row) -> bool:
    return (
        _is_time(row["at"])
        and all(_is_word(row[name]) for name in ("session", "kind", "service", "model"))
        and isinstance(row["answers"], int)
        and 0 <= row["answers"] < LATEST
        and _is_amount(row["saved"])
    )


def _good_prompt(row: Row) -> bool:
    return (
        all(_is_word(row[name]) for name in ("name", "command"))
        and isinstance(row["line"], str)
        and isinstance(row["cell"], str | None)
        and _is_time(row["saved_at"])
    )


def sound_turn(row: Row) -> Row | None:
    """Give a turn of a thread, without what was said where its mark does not prove it."""
    good = (
        all(_is_word(row[name]) for name in ("service", "thread", "session"))
        and isinstance(row["place"], str)
        and isinstance(row["model"], str)
        and row["state"] in TURN_STATES
        and _is_key(row["mark"])
        and _is_key(row["said_before"])
        and _is_time(row["asked_at"])
        and row["position"] is not None
        and all(_is_count(row[name]) for name in ("position", "tokens"))
        and _is_amount(row["cost"])
    )
    if not good:
        return None
    said = unpack(row["said"]) if isinstance(row["said"], bytes) else None
    proven = said is not None and mark_of(said) == row["mark"]
    return row if proven else {**row, "said": None}


def good_vector(row: Row) -> bool:
    """Tell whether a vector's row makes sense."""
    if not (_is_key(row["key"]) and isinstance(row["vector"], bytes) and _is_amount(row["tokens"])):
        return False
    if row.get("checksum") not in {None, zlib.crc32(row["vector"])}:
        return False
    return bool(row["vector"]) and len(row["vector"]) % 4 == 0


CHECKS: dict[str, Check] = {
    "jobs": _good_job,
    "calls": _good_call,
    "notes": _good_note,
    "prompts": _good_prompt,
    "reuses": _good_reuse,
}
NEEDED = {
    "calls": frozenset({
        "id", "key", "repeat", "kind", "service", "model", "state", "attempt", "session", "place",
        "owner", "sent_at", "ended_at", "status", "error", "private", "prompt_tokens",
        "completion_tokens", "images", "cost", "cost_bound",
    }),
    "bodies": frozenset({"call", "request", "answer", "content_type"}),
    "vectors": frozenset({"id", "key", "call", "tokens", "vector"}),
    "jobs": frozenset({"id", "key", "kind", "state", "budget", "made_at", "ended_at", "detail"}),
    "notes": frozenset({"name", "value"}),
    "prompts": frozenset({"name", "command", "line", "cell", "saved_at"}),
    "turns": frozenset({
        "id", "service", "thread", "position", "place", "session", "call", "state", "model",
        "asked_at", "tokens", "cost", "said_before", "mark", "said",
    }),
    "reuses": frozenset({"id", "at", "session", "kind", "service", "model", "answers", "saved"}),
}  # fmt: skip
