"""
The name of a request: everything that shapes its answer, and nothing else.

Two requests share a key exactly where the service would be asked the same thing: the same service
(however its host is spelled), endpoint and body. Where a row stands in a frame, whether the answer
was streamed, the API key and timeouts are not part of it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_BYTES = 16
# How the answer travels does not change what it is.
TRANSPORT_FIELDS = frozenset({"stream", "stream_options", "encoding_format"})


def request_key(service: str, endpoint: str, body: Mapping[str, Any], *, repeat: int = 0) -> bytes:
    """
    Name a request by 16 bytes.

    Parameters
    ----------
    service
        Whom it is asked: ``nebius`` for all of Nebius's hosts, ``sandbox:<folder's id>``, or an
        origin.
    endpoint
        The path below ``/v1/``.
    body
        The JSON body; fields that are None count as left out, as they are when it is sent.
    repeat
        Another answer to the same request.
    """
    return _digest(_spelled(service, endpoint, body, repeat).encode())


class KeyForm:
    """
    The names of many requests that differ in one text only.

    It gives what `request_key` gives, without writing each whole body anew.

    Parameters
    ----------
    service, endpoint, repeat
        As of `request_key`.
    body
        The body, with `hole` as the one text that differs.
    hole
        A text that stands nowhere else.
    """

    def __init__(
        self, service: str, endpoint: str, body: Mapping[str, Any], hole: str, *, repeat: int = 0
    ) -> None:
        head, tail = _spelled(service, endpoint, body, repeat).split(f'"{hole}"')
        self._head = _hash(head.encode())
        self._tail = tail.encode()

    def key(self, text: str) -> bytes:
        """Name the request that has `text` in its hole."""
        digest = self._head.copy()
        digest.update(encode_basestring_ascii(text).encode())
        digest.update(self._tail)
        return digest.digest()


def _spelled(service: str, endpoint: str, body: Mapping[str, Any], repeat: int) -> str:
    """Write a request in its one canonical form."""
    told = {k: v for k, v in body.items() if v is not None and k not in TRANSPORT_FIELDS}
    return json.dumps(
        [service, endpoint, repeat, told],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,  # so that lone surrogates have a spelling too
        allow_nan=False,
    )


def text_key(service: str, model: str, dimensions: int | None, text: str) -> bytes:
    """Name one embedding: the vector of one text by one model at one size."""
    return _form_of_texts(service, model, dimensions).key(text)


@functools.lru_cache(maxsize=32)
def _form_of_texts(service: str, model: str, dimensions: int | None) -> KeyForm:
    hole = os.urandom(32).hex()
    body = {"model": model, "dimensions": dimensions, "input": hole}
    return KeyForm(service, "embeddings", body, hole)


def mark_of(said: bytes) -> bytes:
    """Give the digest of what was said in a turn of a thread."""
    return hashlib.blake2b(said, digest_size=KEY_BYTES, person=b"nbnebius-turn-1").digest()


def own_key() -> bytes:
    """Name a call that no other call may be answered from."""
    return os.urandom(KEY_BYTES)


def _digest(data: bytes) -> bytes:
    return _hash(data).digest()


def _hash(data: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(data, digest_size=KEY_BYTES, person=b"nbnebius-key-1")
