"""
Text completions: ``POST /v1/completions``.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-completion
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.bodies import post
from nbnebius.client.decode import decode_text_completion
from nbnebius.client.streams import AnswerStream, StreamContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.events import Intent
    from nbnebius.transport import Answer, Transport
    from nbnebius.types.completions import Completion

PATH = "completions"


class CompletionStream(AnswerStream):
    """A text completion as it comes: iterate for `TextDelta`."""

    @property
    def completion(self) -> Completion:
        """The answer: whole after the end, before that what has come so far."""
        return self._frames.completion()


class Completions:
    """The text completion resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self, body: Mapping[str, Any], *, intent: Intent | None = None
    ) -> tuple[Completion, Answer]:
        """Continue a prompt, and return the whole answer. Errors are those of `Chat.create`."""
        request = post(PATH, {**body, "stream": None, "stream_options": None}, intent)
        answer = await self._transport.send(request)
        about = self._transport.about(request)
        return decode_text_completion(answer.body, answer.content_type, about), answer

    def stream(
        self, body: Mapping[str, Any], *, intent: Intent | None = None
    ) -> StreamContext[CompletionStream]:
        """Continue a prompt as a stream. Errors are those of `Chat.stream`."""
        options = {**(body.get("stream_options") or {}), "include_usage": True}
        request = post(PATH, {**body, "stream": True, "stream_options": options}, intent)
        return StreamContext(self._transport, request, CompletionStream)
