r"""
The lines of a batch's input file.

Examples
--------
>>> block, = write_lines([("r1", {"model": "m", "prompt": "Hi"})], url="/v1/completions")
>>> block
b'{"custom_id":"r1","method":"POST","url":"/v1/completions","body":{"model":"m","prompt":"Hi"}}\n'

Source: https://docs.tokenfactory.nebius.com/ai-models-inference/batch-inference
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nbnebius.errors import OptionError
from nbnebius.types.json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_REQUESTS = 5_000_000
MOST_BYTES = 10 * 10**9
"""The API's limits for one file."""

BLOCK = 2**20
"""Bytes given at once, or a little more."""


def write_lines(
    rows: Iterable[tuple[str, Mapping[str, Any] | bytes]],
    *,
    url: str = "/v1/chat/completions",
    block: int = BLOCK,
) -> Iterator[bytes]:
    """
    Write requests as lines, in blocks and in flat memory: what an upload takes.

    Parameters
    ----------
    rows
        A ``custom_id``, which is to be used once, and the request's body: fields, or their JSON.
        Fields that are None are left out. All bodies of one file name the same model.
    url
        The endpoint.
    block
        Bytes of a block.

    Raises
    ------
    OptionError
        A body cannot be written as JSON, or there are more lines or bytes than one file may hold.
    """
    waiting = bytearray()
    held = written = 0
    for count, (custom_id, body) in enumerate(rows, 1):
        try:
            _encode_into(_Line(str(custom_id), "POST", url, _plain(body)), waiting, held)
        except _UNWRITABLE:
            waiting[held:] = _slowly(custom_id, url, body)
        waiting += b"\n"
        held = len(waiting)
        if count > MOST_REQUESTS or written + held > MOST_BYTES:
            raise OptionError(
                "this is too much for one batch",
                why=f"A file holds at most {MOST_REQUESTS:,} requests and 10 GB.",
                hint="Make several batches.",
            )
        if held >= block:
            yield bytes(waiting)
            written += held
            waiting, held = bytearray(), 0
    if waiting:
        yield bytes(waiting)


class _Line(msgspec.Struct, gc=False):
    custom_id: str
    method: str
    url: str
    body: dict[str, Any] | msgspec.Raw


_encode_into = msgspec.json.Encoder().encode_into
_UNWRITABLE = (TypeError, ValueError, msgspec.MsgspecError, RecursionError)


def _plain(body: Mapping[str, Any] | bytes) -> dict[str, Any] | msgspec.Raw:
    """
    Make a body ready to be encoded.

    Raises
    ------
    ValueError
        It is JSON of several lines.
    """
    if isinstance(body, bytes):
        if b"\n" in body or b"\r" in body:
            raise ValueError("a line holds no line break")
        return msgspec.Raw(body)
    if type(body) is dict and None not in body.values():
        return body
    return {name: value for name, value in body.items() if value is not None}


def _slowly(custom_id: str, url: str, body: Mapping[str, Any] | bytes) -> bytes:
    """Write a line that has something unusual in it, or say what cannot be written."""
    middle = b',"method":"POST","url":' + msgspec.json.encode(url) + b',"body":'
    return b'{"custom_id":' + _text(custom_id) + middle + _body(body, custom_id) + b"}"


def _text(custom_id: str) -> bytes:
    try:
        return msgspec.json.encode(str(custom_id))
    except UnicodeEncodeError:
        raise OptionError(
            "a custom_id holds half a character", why="A lone surrogate cannot be written."
        ) from None


def _body(body: Mapping[str, Any] | bytes, custom_id: str) -> bytes:
    if isinstance(body, bytes):
        if b"\n" not in body and b"\r" not in body:
            return body
        try:
            return msgspec.json.format(body, indent=-1)  # a line holds no line break
        except (msgspec.MsgspecError, RecursionError):
            raise OptionError(f"the body of {custom_id!r} is not JSON") from None
    try:
        return to_json(body)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        why = "It is nested too deep." if isinstance(error, RecursionError) else f"{error}."
        raise OptionError(f"the body of {custom_id!r} cannot be written", why=why) from None
