"""One kind of model record for every catalog, as DESIGN's model table has it."""

from __future__ import annotations

from typing import Any

import msgspec


class ModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """
    A model of any catalog, in one schema; what is unknown is None, never 0.

    Attributes
    ----------
    id, source, name, type
        ``type`` is chat, vision, embedding, image, completion or other.
    context, max_output
        Tokens.
    price_in, price_out
        USD per million tokens.
    price_image
        USD per image.
    input, output
        Modalities: text, image, embedding.
    requests_per_minute, tokens_per_minute
        The server's limits.
    created, updated
        Seconds since 1970, UTC.
    raw
        The row as the server sent it.
    """

    id: str
    source: str
    name: str | None = None
    type: str = "other"
    context: int | None = None
    max_output: int | None = None
    price_in: float | None = None
    price_out: float | None = None
    price_image: float | None = None
    price_request: float | None = None
    input: list[str] = msgspec.field(default_factory=list)
    output: list[str] = msgspec.field(default_factory=list)
    features: list[str] = msgspec.field(default_factory=list)
    quantization: str | None = None
    size_b: float | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    owner: str | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    license: str | None = None
    status: str | None = None
    description: str | None = None
    created: float | None = None
    updated: float | None = None
    url: str | None = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)
