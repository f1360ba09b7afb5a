"""
Ask a model once, streamed or whole, or show the answer that is kept.

A text completion is asked the same way; its continuations become the choices' texts.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbnebius.client.decode import decode_completion, decode_text_completion
from nbnebius.client.reasoning import split_reasoning
from nbnebius.errors import ResponseError
from nbnebius.events import Observer, ReasoningDelta, TextDelta
from nbnebius.journal import Bill, Journal, KeptAnswer
from nbnebius.types.answers import ChatResult
from nbnebius.types.chat import ChatCompletion, Choice, Message
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.client import AsyncClient, ChatStream
    from nbnebius.client.completions import CompletionStream
    from nbnebius.types.completions import Completion
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price

Asked: TypeAlias = Literal["chat", "completion"]
ENDPOINTS: dict[Asked, str] = {"chat": "chat/completions", "completion": "completions"}


class Running(Record):
    """A question that is under way, so that what came can be kept when it is stopped."""

    body: Mapping[str, Any]
    started: float
    kind: Asked = "chat"
    stream: ChatStream | CompletionStream | None = None

    def partial(self) -> ChatResult | None:
        """Give what has come so far, or None where nothing has."""
        if self.stream is None:
            return None
        completion = _as_chat(self.stream.completion)
        if not completion.choices:
            return None
        return _result(
            completion,
            self.body,
            cost=None,
            seconds=time.monotonic() - self.started,
            first=self.stream.first_token_seconds,
            record=self.stream.record,
            partial=True,
        )


def run(body: Mapping[str, Any], kind: Asked = "chat") -> Running:
    """Begin to keep track of a question."""
    return Running(body, time.monotonic(), kind)


async def chat(
    running: Running,
    *,
    client: AsyncClient,
    journal: Journal,
    origin: Origin,
    price: Price,
    stream: bool,
    observer: Observer,
) -> ChatResult:
    """
    Ask, and write down what it cost.

    Pieces of a streamed answer, and of a kept one, go to `observer` as they come.

    Raises
    ------
    NebiusError
        What the client raises; a stream that broke off is a `StreamError` with its text.
    """
    body = running.body
    key = origin.key(ENDPOINTS[running.kind], body)
    if kept := await origin.kept(journal, key):
        # A kept answer that no version can read must not stand in the way of a new one.
        from nbnebius.journal import note_reuse

        with suppress(ResponseError):
            shown = _from_kept(kept, running, observer)
            if (tape := client.transport.tape) is not None and not origin.private:
                tape.keep(ENDPOINTS[running.kind], body, kept.content_type, kept.body)
            await note_reuse(journal, running.kind, origin.service, shown.model, 1, kept.cost)
            return shown
    intent = origin.intent(key, running.kind, body, price)
    resource = client.chat if running.kind == "chat" else client.completions
    if not stream:
        answered, answer = await resource.create(body, intent=intent)
        completion, record, first = _as_chat(answered), answer.record, None
    else:
        async with resource.stream(body, intent=intent) as pieces:
            running.stream = pieces
            async for piece in pieces:
                observer(piece)
        completion = _as_chat(pieces.completion)
        record, first = pieces.record, pieces.first_token_seconds
    cost = price.of_usage(completion.usage)
    if record is not None:
        usage = completion.usage
        await journal.bill(
            record,
            Bill(
                usage.prompt_tokens if usage else None,
                usage.completion_tokens if usage else None,
                cost=cost,
            ),
        )
    seconds = time.monotonic() - running.started
    return _result(
        completion,
        body,
        cost=cost,
        answer_cost=cost,
        seconds=seconds,
        first=first,
        record=record,
    )


def _as_chat(completion: ChatCompletion | Completion) -> ChatCompletion:
    """Give a text completion the shape of a chat's answer, so that one kind of result serves."""
    if isinstance(completion, ChatCompletion):
        return completion
    choices = [
        Choice(c.index, Message(content=c.text), c.finish_reason, c.logprobs)
        for c in completion.choices
    ]
    return ChatCompletion(
        completion.id, completion.created, completion.model, choices, completion.usage
    )


def _from_kept(kept: KeptAnswer, running: Running, observer: Observer) -> ChatResult:
    decode = decode_completion if running.kind == "chat" else decode_text_completion
    result = _result(
        _as_chat(decode(kept.body, kept.content_type)),
        running.body,
        cost=0.0,
        answer_cost=kept.cost,
        seconds=kept.seconds,
        record=kept.record,
        kept_at=kept.bought_at,
    )
    if result.reasoning:
        observer(ReasoningDelta(result.reasoning))
    observer(TextDelta(result.text))
    return result


def _result(
    completion: ChatCompletion,
    body: Mapping[str, Any],
    *,
    cost: float | None,
    seconds: float | None,
    record: int | None,
    answer_cost: float | None = None,
    first: float | None = None,
    kept_at: float | None = None,
    partial: bool = False,
) -> ChatResult:
    text, reasoning = "", None
    if completion.choices:
        first_choice = completion.choices[0]
        text, reasoning = split_reasoning(first_choice.message, first_choice.finish_reason)
    return ChatResult(
        completion=completion,
        text=text,
        reasoning=reasoning,
        # The model that was asked for: what the server calls it may be a path or an alias.
        model=str(body.get("model") or completion.model),
        cost=cost,
        answer_cost=answer_cost,
        seconds=seconds,
        first_token_seconds=first,
        kept_at=kept_at,
        partial=partial,
        record=record,
        request=body,
    )
