"""
Chat completions: ``POST /v1/chat/completions``.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-chat-completion
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.bodies import post
from nbnebius.client.decode import decode_completion
from nbnebius.client.streams import AnswerStream, StreamContext
from nbnebius.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.events import Intent
    from nbnebius.transport import Answer, Transport
    from nbnebius.transport.request import Flow
    from nbnebius.types.chat import ChatCompletion

PATH = "chat/completions"
CONNECTS_IN_BULK = 8


class ChatStream(AnswerStream):
    """
    A chat answer as it comes: iterate for `TextDelta` and `ReasoningDelta`.

    Attributes
    ----------
    first_token_seconds
        From asking to the first piece of text or reasoning.
    """

    @property
    def completion(self) -> ChatCompletion:
        """The answer: whole after the end, before that what has come so far."""
        return self._frames.chat()


class Chat:
    """The chat resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self, body: Mapping[str, Any], *, intent: Intent | None = None
    ) -> tuple[ChatCompletion, Answer]:
        """
        Ask, and return the whole answer.

        Parameters
        ----------
        body
            The request's fields; those that are None are left out.
        intent
            What is bought, for the recorder.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        request = post(PATH, {**body, "stream": None, "stream_options": None}, intent)
        answer = await self._transport.send(request)
        about = self._transport.about(request)
        return decode_completion(answer.body, answer.content_type, about), answer

    async def create_encoded(
        self,
        body: bytes,
        *,
        model: str,
        intent: Intent,
        tokens: float,
        flow: Flow,
    ) -> Answer:
        """
        Ask with a body that is written already, one of many, and return the raw answer.

        A connection that fails is tried longer than for a single question, and what may have been
        paid is sent once more.

        Parameters
        ----------
        body
            The JSON, without ``stream``.
        model
            Whose rate limits apply.
        intent
            What is bought, for the recorder.
        tokens
            About how many tokens it takes.
        flow
            Who says when it may leave.

        Raises
        ------
        NebiusError
            No answer, or one that says no.
        Claimed
            The intent makes a claim, and somebody else was faster.
        """
        request = Request(
            "POST",
            PATH,
            body=body,
            intent=intent,
            lane=model,
            resend_in_doubt=1,
            connects=CONNECTS_IN_BULK,
            tokens=tokens,
            flow=flow,
        )
        return await self._transport.send(request)

    def stream(
        self, body: Mapping[str, Any], *, intent: Intent | None = None
    ) -> StreamContext[ChatStream]:
        """
        Ask, and return a context that gives the answer as a `ChatStream`.

        The usage is always asked for; it comes with the last frame.

        Raises
        ------
        StreamError
            While iterating: the stream broke off; ``partial`` is the text that had come.
        NebiusError
            No answer, or one that says no.
        """
        options = {**(body.get("stream_options") or {}), "include_usage": True}
        request = post(PATH, {**body, "stream": True, "stream_options": options}, intent)
        return StreamContext(self._transport, request, ChatStream)

    async def complete(
        self, *, model: str, messages: list[Mapping[str, Any]], **parameters: Any
    ) -> ChatCompletion:
        """
        Ask, and return the answer alone.

        Parameters
        ----------
        model
            A model's id.
        messages
            The conversation so far.
        parameters
            Any other field of the API: temperature, max_tokens, tools, ...
        """
        completion, _ = await self.create({"model": model, "messages": messages, **parameters})
        return completion
