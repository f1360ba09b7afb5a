"""Ask a chat model that may call tools: ask, run what it calls, ask again with the results."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from nbnebius.errors import OptionError, ToolRoundsError
from nbnebius.events import ToolCalled
from nbnebius.types.record import Record, field, replace
from nbnebius.types.usage import Usage
from nbnebius.work import chat as chat_work
from nbnebius.work.price import total
from nbnebius.work.tool_messages import message, named, spoken, thinks_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbnebius.client import AsyncClient
    from nbnebius.events import Observer
    from nbnebius.journal import Journal
    from nbnebius.types.answers import ChatResult
    from nbnebius.types.chat import ToolCall
    from nbnebius.work.chat import Running
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price
    from nbnebius.work.tools import CallHere, Toolbox, ToolResult

MAX_ROUNDS: Final = 10
MOST_CALLS: Final = 32
"""Calls of one answer that are run; a model that asks for more is told so."""


class ToolChatResult(Record, frozen=True):
    """
    An answer that tools took part in.

    Attributes
    ----------
    result
        The last answer; its usage, cost and seconds are those of all rounds together.
    calls
        Every call, in order.
    messages
        The whole conversation: the request's messages, then what was added, the answer last.
    """

    result: ChatResult
    calls: list[ToolResult]
    messages: list[dict[str, Any]]


class RunningTools(Record):
    """A chat with tools that is under way, so that what came can be kept when it is stopped."""

    body: Mapping[str, Any]
    started: float
    calls: list[ToolResult] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: list[ChatResult] = field(default_factory=list)
    running: Running | None = None

    def partial(self) -> ChatResult | None:
        """Give what has come so far, or None where nothing has."""
        piece = self.running.partial() if self.running is not None else None
        came = [*self.answers, piece] if piece is not None else self.answers
        return replace(_sum(came, self.calls), partial=True) if came else None

    def whole(self) -> ToolChatResult:
        """Give what all rounds came to."""
        return ToolChatResult(_sum(self.answers, self.calls), self.calls, self.messages)


def run(body: Mapping[str, Any]) -> RunningTools:
    """Begin to keep track of a chat with tools."""
    messages = [dict(message) for message in body.get("messages", ())]
    return RunningTools(body, time.monotonic(), messages=messages)


async def chat_with_tools(
    running: RunningTools,
    *,
    client: AsyncClient,
    journal: Journal,
    origin: Origin,
    price: Price,
    stream: bool,
    observer: Observer,
    toolbox: Toolbox,
    call_here: CallHere,
    approve: Callable[[str], bool] | None = None,
    max_rounds: int = MAX_ROUNDS,
    keep_reasoning: bool | None = None,
) -> ToolChatResult:
    """
    Ask, run the tools that the model calls, and ask again with their results, until it answers.

    Every round is a paid call of its own. Where `origin` allows kept answers, a round is shown
    again for free as long as the tools before it gave the same results; the tools are run each
    time. A ``tool_choice`` that forces a call holds for the first round only.

    Parameters
    ----------
    running
        The chat, from `run`; its body needs no ``tools``.
    observer
        Sees the pieces of every round as they come, and a `ToolCalled` after each call.
    toolbox
        What the model may call; made for this chat.
    call_here, approve
        As in `Toolbox.run`.
    max_rounds
        How often the model is asked.
    keep_reasoning
        Send the model its own reasoning of earlier rounds; None leaves that to the model's family.

    Raises
    ------
    ToolRoundsError
        After `max_rounds` answers the model still calls tools; the last calls were not run.
    NebiusError
        What `nbnebius.work.chat.chat` raises.
    """
    if max_rounds < 1:
        raise OptionError(f"max_rounds cannot be {max_rounds}", why="it takes 1 or more")
    if keep_reasoning is None:
        keep_reasoning = thinks_on(str(running.body.get("model", "")))
    for turn in range(max_rounds):
        running.running = chat_work.run(_body(running, toolbox, first=turn == 0))
        answer = await chat_work.chat(
            running.running,
            client=client,
            journal=journal,
            origin=origin,
            price=price,
            stream=stream,
            observer=observer,
        )
        running.answers.append(answer)
        running.running = None
        calls = named(message(answer).tool_calls, turn)
        running.messages.append(spoken(answer, calls, keep_reasoning=keep_reasoning))
        if not calls or any(toolbox.leaves(call) for call in calls):
            return running.whole()
        if turn + 1 == max_rounds:
            break
        await _run_all(running, calls, toolbox, observer, call_here, approve)
    raise ToolRoundsError(
        f"The model still calls tools after {max_rounds} round{'' if max_rounds == 1 else 's'}",
        why=f"it asked last for {', '.join(call.function.name or '?' for call in calls)[:200]}",
        hint="raise max_rounds, or say in the prompt when to stop",
        result=running.whole(),
    )


async def _run_all(
    running: RunningTools,
    calls: Sequence[ToolCall],
    toolbox: Toolbox,
    observer: Observer,
    call_here: CallHere,
    approve: Callable[[str], bool] | None,
) -> None:
    from nbnebius.work.tools import ToolResult

    for place, call in enumerate(calls):
        name, written = call.function.name, call.function.arguments
        if place < MOST_CALLS:
            came = await toolbox.run(call, approve=approve, call_here=call_here)
        else:
            text = f"Error: only {MOST_CALLS} calls at once are run; this one was not"
            came = ToolResult(name, written, text, error=True, seconds=0.0)
        running.calls.append(came)
        running.messages.append(
            {"role": "tool", "tool_call_id": call.id, "content": came.text or "(no text)"}
        )
        observer(ToolCalled(came.name, came.arguments, came.text, came.error))


def _body(running: RunningTools, toolbox: Toolbox, *, first: bool) -> dict[str, Any]:
    body = {**running.body, "messages": list(running.messages)}
    if toolbox.entries:
        body["tools"] = toolbox.entries
    if not first and body.get("tool_choice") not in {None, "none", "auto"}:
        body["tool_choice"] = "auto"
    return body


def _sum(answers: Sequence[ChatResult], calls: Sequence[ToolResult]) -> ChatResult:
    """Give the last answer with what all of them took."""
    last = answers[-1]
    usages = [answer.usage for answer in answers if answer.usage is not None]
    seconds = [answer.seconds for answer in answers if answer.seconds is not None]
    kept = [answer.kept_at for answer in answers]
    return replace(
        last,
        completion=msgspec.structs.replace(last.completion, usage=_sum_usage(usages)),
        cost=total(answer.cost for answer in answers),
        answer_cost=total(answer.answer_cost for answer in answers),
        seconds=sum(seconds) + sum(call.seconds for call in calls) if seconds else None,
        first_token_seconds=answers[0].first_token_seconds,
        kept_at=None if None in kept else last.kept_at,
    )


def _sum_usage(usages: Sequence[Usage]) -> Usage | None:
    if not usages:
        return None
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        total_tokens=sum(usage.total_tokens for usage in usages),
        reasoning_tokens=_sum_known([usage.reasoning_tokens for usage in usages]),
        cached_tokens=_sum_known([usage.cached_tokens for usage in usages]),
    )


def _sum_known(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
