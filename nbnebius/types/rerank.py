"""
Reranking: which documents answer a query best.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/rerank
"""

from __future__ import annotations

from typing import Any

import msgspec

from nbnebius.types.usage import Usage


class RerankResult(msgspec.Struct):
    """
    One document's place.

    Attributes
    ----------
    index
        Its place among the documents that were sent.
    relevance_score
        Higher is better; the scale is the model's.
    document
        Its text, where the server sends it back.
    """

    index: int
    relevance_score: float
    document: str | None = None


class Rerank(msgspec.Struct):
    """An answer: results from best to worst."""

    results: list[RerankResult] = msgspec.field(default_factory=list)
    id: str = ""
    model: str = ""
    usage: Usage | None = None


class RerankFrame(msgspec.Struct):
    """What the wire carries: ``results``, elsewhere ``data``; an error inside 200 included."""

    results: list[Any] | None = None
    data: list[Any] | None = None
    id: str | None = None
    model: str | None = None
    usage: Any = None
    error: Any = None


class ResultFrame(msgspec.Struct):
    """One result on the wire; ``score`` is another server's word, ``document`` text or object."""

    index: int | None = None
    relevance_score: float | None = None
    score: float | None = None
    document: Any = None
