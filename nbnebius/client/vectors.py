"""Vectors from the wire into one block of memory."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Any

import msgspec

from nbnebius.types.embeddings import (
    AnyAnswer,
    Base64Answer,
    Base64Datum,
    Embeddings,
    FloatAnswer,
    FloatDatum,
)
from nbnebius.types.loose import read_as
from nbnebius.types.usage import read_usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

try:
    from pybase64 import b64decode
except ModuleNotFoundError:  # the extra `fast`
    b64decode = None  # type: ignore[assignment]  # asked for before it is called

_FLOAT32 = 4
_VECTOR = re.compile(rb'"embedding"\s*:\s*"')


def read_embeddings(body: bytes) -> Embeddings:
    """
    Read an embeddings answer in any of its shapes.

    Raises
    ------
    ValueError
        It holds no vectors, or vectors that do not fit together.
    """
    try:
        answer, rows = _read_base64(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    else:
        tokens = [datum.nbnebius_tokens for datum in answer.data]
        told = None if all(count is None for count in tokens) else tokens
        return _embeddings(_from_rows(rows, answer.data), answer, told)
    try:
        floats = msgspec.json.decode(body, type=FloatAnswer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    else:
        return _embeddings(_from_floats(floats.data), floats)
    anything = read_as(body, AnyAnswer)
    if not anything.data:
        raise ValueError("there are none")
    data = [FloatDatum(_row(datum.embedding), datum.index) for datum in anything.data]
    return _embeddings(_from_floats(data), anything)


def _read_base64(body: bytes) -> tuple[Base64Answer, list[bytes]]:
    """
    Read an answer whose vectors are base64, and decode them.

    Raises
    ------
    MsgspecError, UnicodeDecodeError, RecursionError
        It is something else.
    """
    if b64decode is not None:
        found = _cut_out(body)
        if found is not None:
            return found
    answer = msgspec.json.decode(body, type=Base64Answer)
    return answer, [datum.embedding for datum in answer.data]


def _cut_out(body: bytes) -> tuple[Base64Answer, list[bytes]] | None:
    """
    Take the vectors out of an answer, and read what is left of it; None where that does not fit.

    Nearly all of the body is vectors, which hold no quote: to find the next one is a search for one
    byte, and no parser looks at what lies between.
    """
    view, rows, rest, at = memoryview(body), [], [], 0
    try:
        while (mark := _VECTOR.search(body, at)) is not None:
            start = mark.end()
            end = body.index(b'"', start)
            rows.append(b64decode(view[start:end], validate=True))
            rest.append(view[at:start])
            at = end
        rest.append(view[at:])
        answer = msgspec.json.decode(b"".join(rest), type=Base64Answer)
    except (binascii.Error, ValueError):  # escapes, no base64, or no JSON
        return None
    # as many as there are texts, and each of them one of theirs
    if len(rows) != len(answer.data) or any(datum.embedding for datum in answer.data):
        return None
    return answer, rows


def _embeddings(
    vectors: NDArray[np.float32],
    answer: Base64Answer | FloatAnswer | AnyAnswer,
    tokens: list[float | None] | None = None,
) -> Embeddings:
    import numpy as np

    if not np.isfinite(vectors).all():
        raise ValueError("some numbers are not finite")
    return Embeddings(vectors, read_usage(answer.usage), answer.model or "", tokens)


def _from_rows(rows: Sequence[bytes], data: Sequence[Base64Datum]) -> NDArray[np.float32]:
    import numpy as np

    size = len(rows[0]) if rows else 0
    if not size or size % _FLOAT32 or any(len(row) != size for row in rows):
        raise ValueError("they are empty, or of different lengths")
    vectors = np.frombuffer(b"".join(rows), "<f4").reshape(len(rows), -1)
    places = _places(data)
    if list(places) == list(range(len(rows))):
        return vectors
    ordered = np.empty_like(vectors)
    ordered[list(places)] = vectors
    return ordered


def _from_floats(data: Sequence[FloatDatum]) -> NDArray[np.float32]:
    import numpy as np

    size = len(data[0].embedding) if data else 0
    if not size or any(len(datum.embedding) != size for datum in data):
        raise ValueError("they are empty, or of different lengths")
    vectors = np.empty((len(data), size), np.float32)
    for place, datum in zip(_places(data), data, strict=True):
        try:
            with np.errstate(all="ignore"):  # too large a number becomes infinite, and is found
                vectors[place] = datum.embedding
        except (TypeError, OverflowError):
            raise ValueError("they hold something that is not a number") from None
    return vectors


def _places(data: Sequence[Base64Datum | FloatDatum]) -> Sequence[int]:
    """Return each vector's row: its index, or the order of arrival where there is none."""
    if any(datum.index is None for datum in data):
        return range(len(data))
    places = [datum.index for datum in data if datum.index is not None]
    if sorted(places) != list(range(len(data))):
        raise ValueError("their indexes are not 0, 1, 2 and so on")
    return places


def _row(embedding: Any) -> list[float]:
    """Take a vector out of a list of vectors that holds just one."""
    while isinstance(embedding, list) and len(embedding) == 1 and isinstance(embedding[0], list):
        (embedding,) = embedding
    if isinstance(embedding, str):
        import base64
        import binascii

        import numpy as np

        try:
            return list(np.frombuffer(base64.b64decode(embedding), "<f4").astype(float))
        except (ValueError, binascii.Error):
            raise ValueError("one is not base64") from None
    if not isinstance(embedding, list) or any(isinstance(one, list) for one in embedding):
        raise ValueError("there is a vector for each token, not for each text")
    return embedding
