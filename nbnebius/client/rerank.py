"""
Reranking: ``POST /v1/rerank``.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/rerank
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nbnebius.client.bodies import post
from nbnebius.transport.faults import unreadable
from nbnebius.types.loose import fit, read_as
from nbnebius.types.usage import read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.events import Intent
    from nbnebius.transport import Answer, Transport
    from nbnebius.transport.about import About
    from nbnebius.types.rerank import Rerank, RerankResult

PATH = "rerank"


class RerankResource:
    """The rerank resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self, body: Mapping[str, Any], *, intent: Intent | None = None
    ) -> tuple[Rerank, Answer]:
        """
        Rank documents by how well they answer a query.

        Parameters
        ----------
        body
            ``model``, ``query``, ``documents`` (texts); fields that are None are left out.
        intent
            What is bought, for the recorder.

        Raises
        ------
        ResponseError
            The answer cannot be read, or names documents that were not sent.
        NebiusError
            No answer, or one that says no.
        """
        request = post(PATH, body, intent)
        answer = await self._transport.send(request)
        documents = body.get("documents")
        sent = len(documents) if isinstance(documents, list | tuple) else None
        return decode_rerank(answer.body, sent, self._transport.about(request)), answer


def decode_rerank(body: bytes, sent: int | None, about: About) -> Rerank:
    """
    Read an answer; the results come back from best to worst, whatever their order was.

    Parameters
    ----------
    body
        As received.
    sent
        How many documents were sent; None where that is not known.
    about
        What an error may tell.

    Raises
    ------
    ResponseError
        It is no such answer.
    """
    from nbnebius.types.rerank import Rerank, RerankFrame

    try:
        frame = read_as(body, RerankFrame)
    except ValueError:
        raise unreadable("the answer is not JSON", body, "", about) from None
    rows = frame.results if frame.results is not None else frame.data
    if rows is None or frame.error:
        raise unreadable("the answer holds no ranking", body, "", about)
    results = [_result(row, place) for place, row in enumerate(rows)]
    places = [one.index for one in results]
    if len(set(places)) < len(places) or any(
        at < 0 or (sent is not None and at >= sent) for at in places
    ):
        raise unreadable("the answer ranks documents that were not sent", body, "", about)
    if any(math.isnan(one.relevance_score) for one in results):
        raise unreadable("the answer lacks scores", body, "", about)
    results.sort(key=lambda one: -one.relevance_score)
    return Rerank(results, frame.id or "", frame.model or "", read_usage(frame.usage))


def _result(row: Any, place: int) -> RerankResult:
    from nbnebius.types.rerank import RerankResult, ResultFrame

    if not isinstance(row, dict):
        return RerankResult(place, math.nan)
    wire = fit(row, ResultFrame)
    score = wire.score if wire.relevance_score is None else wire.relevance_score
    document = wire.document.get("text") if isinstance(wire.document, dict) else wire.document
    return RerankResult(
        place if wire.index is None else wire.index,
        math.nan if score is None else score,
        document if isinstance(document, str) else None,
    )
