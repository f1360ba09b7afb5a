"""
The body of a request, and the request around it.

The bytes that are recorded are the bytes that are sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nbnebius.errors import OptionError
from nbnebius.transport.request import Request
from nbnebius.types.record import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.events import Intent
    from nbnebius.transport.request import Alias, Params


def encode(body: Mapping[str, Any]) -> bytes:
    """
    Write a body as JSON, without fields that are None: unset is not null.

    Raises
    ------
    OptionError
        A value has no place in JSON.
    """
    given = {name: value for name, value in body.items() if value is not None}
    try:
        return msgspec.json.encode(given)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else _reason(error)
    raise OptionError("the request cannot be written as JSON", why=reason)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        # its own words quote the text
        return "A text holds half a character (a lone surrogate)."
    return f"{error}."


def post(
    path: str,
    body: Mapping[str, Any],
    intent: Intent | None,
    *,
    params: Params | None = None,
    once: bool = False,
    alias: Alias | None = None,
) -> Request:
    """Return the request that sends a body."""
    data = encode(body)
    if intent is not None and not intent.private and intent.keeps_request:
        intent = replace(intent, request=data)
    model = body.get("model")
    lane = str(model or "")
    return Request(
        "POST",
        path,
        params=params or {},
        body=data,
        intent=intent,
        lane=lane,
        once=once,
        alias=alias,
    )
