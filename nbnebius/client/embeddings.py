"""
Embeddings: ``POST /v1/embeddings``.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-embeddings
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.bodies import post
from nbnebius.client.decode import decode_embeddings
from nbnebius.errors import ResponseError
from nbnebius.transport.faults import unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.events import Intent
    from nbnebius.transport import Answer, Transport
    from nbnebius.types.embeddings import Embeddings

PATH = "embeddings"


class EmbeddingsResource:
    """The embeddings resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self, body: Mapping[str, Any], *, intent: Intent | None = None
    ) -> tuple[Embeddings, Answer]:
        """
        Turn texts into vectors.

        Base64 is asked for: a quarter of the bytes, and nothing to parse. Numbers are read too.

        Raises
        ------
        ResponseError
            The answer cannot be read, or holds another number of vectors than texts were sent.
        NebiusError
            No answer, or one that says no.
        """
        request = post(PATH, {**body, "encoding_format": "base64"}, intent)
        answer = await self._transport.send(request)
        about = self._transport.about(request)
        try:
            embeddings = decode_embeddings(answer.body, about)
        except ResponseError as error:
            error.record = answer.record  # it was kept, and may have been paid for
            raise
        sent = _texts_in(body.get("input"))
        if sent != len(embeddings.vectors):
            came = len(embeddings.vectors)
            mismatch = unreadable(
                f"{sent} texts were sent and {came} vectors came", answer.body, "", about
            )
            mismatch.record = answer.record
            raise mismatch
        return embeddings, answer


def _texts_in(sent: Any) -> int:
    """Count the texts of an input: a text, a list of texts, token ids, or a list of those."""
    if isinstance(sent, list | tuple) and sent and not isinstance(sent[0], int):
        return len(sent)
    return 1
