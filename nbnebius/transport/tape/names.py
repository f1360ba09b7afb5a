"""
The name of a request on a recording: everything that shapes its answer, and no word of it.

Host, key, headers and how the answer travels are no part of it; of an upload, neither the file's
name nor the marks between its parts. A name is a digest, so that prompts are not on the recording.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from nbnebius.transport.request import Stream
from nbnebius.types.json import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.transport.request import Request

NAME_BYTES = 16
# How the answer travels does not change what it is.
TRAVEL = frozenset({"stream", "stream_options", "encoding_format"})
EMBEDDINGS = "embeddings"


def content_of(body: Mapping[str, Any] | bytes | None) -> Any:
    """
    Give what a body says, in JSON's own types.

    Fields that are None count as left out, as they are when they are sent; bytes that are no JSON
    are given as their digest.
    """
    if body is None:
        return None
    data = body if isinstance(body, bytes) else to_json(body)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return ["bytes", _digest(data).hex()]
    if not isinstance(value, dict):
        return value
    return {k: v for k, v in value.items() if v is not None and k not in TRAVEL}


def request_name(
    method: str,
    path: str,
    content: Any = None,
    *,
    params: Mapping[str, Any] | None = None,
    scope: str = "",
) -> bytes:
    """
    Name a request by 16 bytes.

    Parameters
    ----------
    method
        GET, POST and so on.
    path
        Below the base URL, or with a leading slash below the host.
    content
        What the body says, from `content_of`.
    params
        The query; None values are left out.
    scope
        Which server, "" for the session's own.
    """
    query = {name: str(value) for name, value in (params or {}).items() if value is not None}
    if path == EMBEDDINGS and isinstance(content, dict):
        given = content.get("input")
        if isinstance(given, list) and len(given) == 1 and isinstance(given[0], str):
            content = {**content, "input": given[0]}
    text = json.dumps(
        [scope, method, path, query, content],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,  # so that lone surrogates have a spelling too
    )
    return _digest(text.encode())


def text_name(content: Mapping[str, Any], text: str, scope: str = "") -> bytes:
    """Name one text of an embeddings request, whatever else is asked with it."""
    return request_name("POST", EMBEDDINGS, {**content, "input": text}, scope=scope)


def texts_in(path: str, content: Any) -> list[str] | None:
    """Give the texts of an embeddings request; None where it is another one."""
    given = content.get("input") if path == EMBEDDINGS and isinstance(content, dict) else None
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given and all(isinstance(text, str) for text in given):
        return given
    return None


async def told_by(request: Request) -> Any:
    """Give what a request's body says; an upload's is read once for it, piece by piece."""
    if request.alias is not None:
        return content_of(request.alias.body)
    if not isinstance(request.body, Stream):
        return content_of(request.body)
    digest = hashlib.blake2b(digest_size=NAME_BYTES)
    async for piece in (request.body.told or request.body.open)():
        digest.update(piece)
    return ["bytes", digest.hexdigest()]


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=NAME_BYTES, person=b"nbnebius-tape-1").digest()
