"""Rank documents by a query, or show the ranking that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.rerank import decode_rerank
from nbnebius.journal import Bill
from nbnebius.transport.about import About

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.client import AsyncClient
    from nbnebius.journal import Journal
    from nbnebius.types.rerank import Rerank
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price

ENDPOINT = "rerank"


async def rank(
    body: Mapping[str, Any],
    *,
    client: AsyncClient,
    journal: Journal,
    origin: Origin,
    price: Price,
) -> Rerank:
    """
    Rank ``documents`` by ``query``.

    Raises
    ------
    NebiusError
        What the client raises.
    """
    key = origin.key(ENDPOINT, body)
    if kept := await origin.kept(journal, key):
        about = About(address="the journal")
        ranked = decode_rerank(kept.body, len(body["documents"]), about)
        if (tape := client.transport.tape) is not None and not origin.private:
            tape.keep(ENDPOINT, body, kept.content_type, kept.body)
        return ranked
    intent = origin.intent(key, "rerank", body, price)
    ranked, answer = await client.rerank.create(body, intent=intent)
    if answer.record is not None:
        usage = ranked.usage
        tokens = usage.prompt_tokens if usage else None
        await journal.bill(answer.record, Bill(tokens, 0, cost=price.of_usage(usage)))
    return ranked
