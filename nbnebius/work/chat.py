"""Ask a chat model once, streamed or whole, or show the answer that is kept."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.client.decode import decode_completion
from nbnebius.client.reasoning import split_reasoning
from nbnebius.errors import ResponseError
from nbnebius.events import Observer, ReasoningDelta, TextDelta
from nbnebius.journal import Bill, Journal, KeptAnswer
from nbnebius.types.answers import ChatResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.client import AsyncClient, ChatStream
    from nbnebius.types.chat import ChatCompletion
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price

ENDPOINT = "chat/completions"


@dataclass(slots=True)
class Running:
    """A chat that is under way, so that what came can be kept when it is stopped."""

    body: Mapping[str, Any]
    started: float
    stream: ChatStream | None = None

    def partial(self) -> ChatResult | None:
        """Give what has come so far, or None where nothing has."""
        if self.stream is None:
            return None
        completion = self.stream.completion
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


def run(body: Mapping[str, Any]) -> Running:
    """Begin to keep track of a chat."""
    return Running(body, time.monotonic())


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
    key = origin.key(ENDPOINT, body)
    if kept := await origin.kept(journal, key):
        # A kept answer that no version can read must not stand in the way of a new one.
        with suppress(ResponseError):
            return _from_kept(kept, body, observer)
    intent = origin.intent(key, "chat", body, price)
    if not stream:
        completion, answer = await client.chat.create(body, intent=intent)
        record, first = answer.record, None
    else:
        async with client.chat.stream(body, intent=intent) as pieces:
            running.stream = pieces
            async for piece in pieces:
                observer(piece)
        completion, record, first = pieces.completion, pieces.record, pieces.first_token_seconds
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


def _from_kept(kept: KeptAnswer, body: Mapping[str, Any], observer: Observer) -> ChatResult:
    completion = decode_completion(kept.body, kept.content_type)
    result = _result(
        completion,
        body,
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
