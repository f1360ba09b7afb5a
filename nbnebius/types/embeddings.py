"""
Embeddings: vectors as one matrix, and the shapes of the wire.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-embeddings
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.types.usage import Usage


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """
    The vectors of one answer.

    Parameters
    ----------
    vectors
        float32, one row per text in the order the texts were sent.
    usage
        The tokens read, where the server says.
    model
        The model that answered.
    tokens
        The tokens of each text, where a recording tells them; None elsewhere.
    """

    vectors: NDArray[np.float32]
    usage: Usage | None = None
    model: str = ""
    tokens: list[float | None] | None = None


class Base64Datum(msgspec.Struct):
    """A vector as base64 of little-endian float32; only a recording tells a text's tokens."""

    embedding: bytes
    index: int | None = None
    nbnebius_tokens: float | None = None


class FloatDatum(msgspec.Struct):
    """A vector as JSON numbers."""

    embedding: list[float]
    index: int | None = None


class AnyDatum(msgspec.Struct):
    """A vector in whatever shape; some servers send one list per token."""

    embedding: Any = None
    index: int | None = None


class Base64Answer(msgspec.Struct):
    """An embeddings answer in base64."""

    data: list[Base64Datum]
    model: str | None = None
    usage: Any = None


class FloatAnswer(msgspec.Struct):
    """An embeddings answer in JSON numbers."""

    data: list[FloatDatum]
    model: str | None = None
    usage: Any = None


class AnyAnswer(msgspec.Struct):
    """An embeddings answer in whatever shape."""

    data: list[AnyDatum] | None = None
    model: str | None = None
    usage: Any = None
    error: Any = None
