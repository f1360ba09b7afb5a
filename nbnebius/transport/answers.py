"""
What an error answer says, whatever its shape.

Seven shapes and more are in use: ``{"detail": str | list}``, ``{"error": str | object}``, an error
whose message is an object again, a message on top, problem+json, plain text, HTML, nothing.
"""

from __future__ import annotations

import re
from typing import Any

from nbnebius.types.loose import read_json
from nbnebius.types.record import Record

MOST_READ = 100_000
"""Bytes of an error body that are looked at."""

_MONEY = frozenset({
    "insufficient_quota", "insufficient_funds", "insufficient_balance", "insufficient_credits",
    "billing_hard_limit_reached", "billing_not_active", "billing_error", "budget_exceeded",
    "credits_exhausted", "payment_required",
})  # fmt: skip
_ECHO = re.compile(
    r"""(,\s*)?['"]?\binput(_value)?['"]?\s*[:=].*""",  # pydantic echoes the request from here on
    re.DOTALL,
)
_QUOTED = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")"""
_ITEM = re.compile(
    r"""['"]loc['"]\s*:\s*(?:\(([^)]*)\)|\[([^\]]*)\]|['"]([^'"]*)['"])\s*,\s*['"]msg['"]\s*:\s*"""
    + _QUOTED
)
MOST_COMPLAINTS = 20


class Said(Record, frozen=True):
    """
    What an error answer says.

    Attributes
    ----------
    message
        The server's words, not redacted yet, without the request that validators echo.
    code, type
        The error's code and type, where the body names them.
    param
        The field it is about.
    fields
        ``field: message`` of every complaint of a validator.
    html
        The body is a web page.
    """

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    fields: tuple[str, ...] = ()
    html: bool = False

    @property
    def out_of_money(self) -> bool:
        """Whether code or type, never the words, say that the account is empty."""
        return bool({(self.code or "").lower(), (self.type or "").lower()} & _MONEY)


def read_error(body: bytes, content_type: str = "") -> Said:
    """Read an error body of any shape; this never fails."""
    body = body[:MOST_READ]
    if is_html(body, content_type):
        return Said(html=True)
    try:
        value = read_json(body)
    except ValueError:
        return Said(message=_without_input(body.decode("utf-8", "replace").strip()))
    return said(value)


def said(value: Any) -> Said:
    """Read an error that is plain values already."""
    if isinstance(value, str):
        return Said(message=_without_input(value), fields=_complaints(value))
    if isinstance(value, list):
        # a validator's list, or one error in a list, as some gateways wrap it
        fields = _fields(value)
        return Said(message="; ".join(fields), fields=fields) if fields else _first(value)
    if not isinstance(value, dict):
        return Said()
    for name in ("error", "detail", "errors"):
        inner = value.get(name)
        if isinstance(inner, dict | list) and inner:
            return _with_outer(said(inner), value)
        if isinstance(inner, str) and inner:
            return _with_outer(said(inner), value)
    inner = value.get("message") or value.get("msg") or value.get("title")
    if isinstance(inner, dict):  # the message may be an object again
        return _with_outer(said(inner), value)
    return _with_outer(said(inner) if isinstance(inner, str) else Said(), value)


def is_html(body: bytes, content_type: str) -> bool:
    """Tell a web page from an API's answer."""
    start = body[:200].lstrip().lower()
    return "html" in content_type.lower() or start.startswith((b"<!doctype html", b"<html"))


def looks_whole(body: bytes) -> bool:
    """
    Tell whether a 200's body can be a JSON answer, without reading it.

    It is asked before the answer is committed, and decides whether it is entered as one.
    """
    head, tail = body[:64].lstrip(), body[-64:].rstrip()
    whole = (head[:1], tail[-1:]) in {(b"{", b"}"), (b"[", b"]")}
    return whole and not _is_error(head)


def what_is_wrong(body: bytes) -> str:
    """Say why a 200's body is no answer."""
    if _is_error(body[:64].lstrip()):
        return "the server reports an error although its status is 200"
    return "the answer is not whole JSON" if body else "the answer is empty"


def _is_error(head: bytes) -> bool:
    return re.match(rb'\{\s*"error"\s*:\s*[{"]', head) is not None


def _first(items: list[Any]) -> Said:
    return said(items[0]) if items and isinstance(items[0], dict | str) else Said()


def _with_outer(inner: Said, outer: dict[str, Any]) -> Said:
    return Said(
        message=inner.message,
        code=inner.code or _word(outer.get("code")),
        type=inner.type or _word(outer.get("type")),
        param=inner.param or _word(outer.get("param")),
        fields=inner.fields,
    )


def _word(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int) or value in {"", "None"}:
        return None
    return str(value)[:100]


def _fields(items: list[Any]) -> tuple[str, ...]:
    """Name the fields and the complaints of a validator's list, never the echoed ``input``."""
    found = []
    for item in items[:MOST_COMPLAINTS]:
        if not isinstance(item, dict) or not isinstance(item.get("msg"), str):
            continue
        location = item.get("loc")
        parts = [str(part) for part in location] if isinstance(location, list) else []
        found.append(_complaint(parts, _without_input(item["msg"])))
    return tuple(dict.fromkeys(found))


def _without_input(text: str) -> str:
    """
    Cut a validator's text before it echoes the request.

    vLLM puts ``{'type': ..., 'loc': ..., 'msg': ..., 'input': <the request>}`` into its message.
    """
    if complaints := _complaints(text):
        return "; ".join(complaints)
    return _ECHO.sub("", text) if "validation error" in text or "input_value" in text else text


def _complaints(text: str) -> tuple[str, ...]:
    """Read the complaints of a validator's list that came as the text of a Python object."""
    found = []
    for item in _ITEM.findall(text[:MOST_READ])[:MOST_COMPLAINTS]:
        place = item[0] or item[1] or item[2]
        parts = [part.strip(" '\"") for part in place.split(",")]
        found.append(_complaint([part for part in parts if part], item[3] or item[4]))
    return tuple(dict.fromkeys(found))


def _complaint(location: list[str], message: str) -> str:
    """Say what a validator complains about; a place that is all numbers says nothing."""
    path = ".".join(location).removeprefix("body.")
    told = any(letter.isalpha() for letter in path) and path != "body"
    return f"{path}: {message}" if told else message
