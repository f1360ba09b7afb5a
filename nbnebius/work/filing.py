"""Vectors into the journal, text by text, with their share of the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nbnebius.client.decode import decode_embeddings
from nbnebius.errors import NebiusError
from nbnebius.journal import Bill, Journal, KeptVector, text_key, unfiled_embeddings
from nbnebius.work.estimate import estimate_each

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.types.usage import Usage
    from nbnebius.work.price import Price

MANY = 8 * 2**20
"""Bytes of vectors that are filed in one commit."""


class Unfiled:
    """
    Vectors that gather until so many are filed in one commit.

    Their names are random, so each new one is written to another page of their index: many at once
    share pages, and few do not. Nothing is at risk meanwhile: their answers are kept.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_call: dict[int | None, list[KeptVector]] = {}
        self._bytes = 0

    def add(self, record: int, vectors: list[KeptVector]) -> list[asyncio.Future[None]]:
        """Take in the vectors of an answer; all are queued where they are many by now."""
        self._by_call[record] = vectors
        self._bytes += sum(len(one.vector) for one in vectors)
        return self.file() if self._bytes >= MANY else []

    def file(self) -> list[asyncio.Future[None]]:
        """Queue what has gathered; what comes back resolves when it is on disk."""
        by_call, self._by_call, self._bytes = self._by_call, {}, 0
        return [self._journal.keep_vectors(by_call)] if by_call else []


async def file_the_rest(journal: Journal, service: str, model: str, price: Price) -> None:
    """File vectors that were paid for before an interrupt or a crash, so that none is lost."""
    last = 0
    while some := await unfiled_embeddings(journal, service, model, last):
        for record, request, answer in some:
            if not await _file_one(journal, service, model, price, (record, request, answer)):
                # It would be read again for ever, and no version can.
                await journal.give_up(record, "the vectors cannot be read")
        last = some[-1][0]


async def _file_one(
    journal: Journal, service: str, model: str, price: Price, told: tuple[int, bytes, bytes]
) -> bool:
    """File the vectors of one answer; False where they cannot be read."""
    record, request, answer = told
    body = msgspec.json.decode(request)
    texts, dimensions = body["input"], body.get("dimensions")
    try:
        embeddings = decode_embeddings(answer)
    except NebiusError:
        return False
    if len(embeddings.vectors) != len(texts):
        return False
    keys = [text_key(service, model, dimensions, text) for text in texts]
    usage = embeddings.usage
    shares = share_out(texts, usage.prompt_tokens if usage else None)
    await journal.bill(record, bill_of(usage, price), late=True)
    await journal.keep_vectors({record: kept_vectors(keys, embeddings.vectors, shares)})
    return True


def bill_of(usage: Usage | None, price: Price) -> Bill:
    """Say what a request cost."""
    return Bill(usage.prompt_tokens if usage else None, 0, cost=price.of_usage(usage))


def kept_vectors(
    keys: Sequence[bytes], vectors: NDArray[np.float32], shares: Sequence[float | None]
) -> list[KeptVector]:
    """Give vectors as the journal keeps them."""
    return [
        KeptVector(key, row.tobytes(), share)
        for key, row, share in zip(keys, vectors, shares, strict=True)
    ]


def share_out(texts: Sequence[str], tokens: int | None) -> list[float | None]:
    """Share a request's tokens out among its texts, by their length."""
    if tokens is None:
        return [None] * len(texts)
    weights = [size or 1 for size in estimate_each(texts)]
    whole = sum(weights)
    return [tokens * weight / whole for weight in weights]
