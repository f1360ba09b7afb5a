"""The answer in a line of a batch's output, byte for byte as a request of its own would give it."""

from __future__ import annotations

import msgspec

from nbnebius.types.json import to_json
from nbnebius.types.loose import read_json

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def answer_of(raw: bytes) -> bytes | None:
    """
    Return the answer in an output line as JSON, as the server wrote it; None where there is none.

    It is what a request of its own would have been answered.
    """
    try:
        response = msgspec.json.decode(raw, type=_RawLine).response
    except UNREADABLE:
        return _answer_slowly(raw)
    if not bytes(response).startswith(b"{"):
        return None
    try:
        wrapped = msgspec.json.decode(response, type=_RawResponse)
    except UNREADABLE:
        return None
    inner = bytes(wrapped.body)
    return inner if inner.startswith(b"{") else (None if inner else bytes(response))


class _RawLine(msgspec.Struct):
    response: msgspec.Raw = msgspec.Raw(b"")


class _RawResponse(msgspec.Struct):
    body: msgspec.Raw = msgspec.Raw(b"")


def _answer_slowly(raw: bytes) -> bytes | None:
    try:
        line = read_json(raw)
    except ValueError:
        return None
    response = line.get("response") if isinstance(line, dict) else None
    inner = response.get("body", response) if isinstance(response, dict) else None
    return to_json(inner) if isinstance(inner, dict) else None
