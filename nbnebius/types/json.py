"""JSON as it is sent and kept: compact, None left out at the top, any text allowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_json(body: Mapping[str, Any]) -> bytes:
    """
    Encode a request's body; fields that are None are left out.

    Lone surrogates, which UTF-8 has no bytes for, are escaped rather than refused.
    """
    told = {name: value for name, value in body.items() if value is not None}
    try:
        return msgspec.json.encode(told)
    except (UnicodeEncodeError, TypeError):
        return json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()
