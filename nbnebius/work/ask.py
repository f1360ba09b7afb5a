"""Ask with all that may be wished for: an answer in a given shape, with tools, with one repair."""

from __future__ import annotations

from contextlib import AsyncExitStack
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from nbnebius.errors import AnswerError
from nbnebius.types.record import Record, replace
from nbnebius.work import chat as chat_work
from nbnebius.work.price import total
from nbnebius.work.tool_messages import message, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbnebius.client import AsyncClient
    from nbnebius.events import Observer
    from nbnebius.journal import Journal
    from nbnebius.types.answers import ChatResult
    from nbnebius.work import tool_rounds
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price
    from nbnebius.work.schema import Schema
    from nbnebius.work.structured import Parsed
    from nbnebius.work.tools import CallHere, ToolResult

Running: TypeAlias = "chat_work.Running | tool_rounds.RunningTools"


class Wish(Record, frozen=True):
    """
    What is wanted besides a text.

    Attributes
    ----------
    schema
        The shape of the answer.
    repair
        Tell the model once what does not fit, and take its second answer.
    tools
        Functions that the model may call.
    servers
        MCP servers whose tools it may call, as `nbnebius.work.mcp_tools.open_mcp` takes them.
    approve
        Asked before each call, on the thread where the user is.
    """

    schema: Schema | None = None
    repair: bool = False
    tools: Sequence[Any] = ()
    servers: Sequence[Any] = ()
    approve: Callable[[str], bool] | None = None


NOTHING_MORE = Wish()


class Answered(Record, frozen=True):
    """
    An answer, what was read from it, and the tools that were called on the way.

    `said` are the messages that came after the question: tool calls, their results, the answer.
    """

    result: ChatResult
    parsed: Parsed | None = None
    calls: Sequence[ToolResult] = ()
    said: Sequence[dict[str, Any]] = ()


class Desk(Record, frozen=True):
    """Where a question is asked, and by whom."""

    client: AsyncClient
    journal: Journal
    origin: Origin
    price: Price
    observer: Observer
    call_here: CallHere


def run(body: Mapping[str, Any], kind: chat_work.Asked, wish: Wish) -> Running:
    """Begin to keep track of a question."""
    if not (wish.tools or wish.servers):
        return chat_work.run(body, kind)
    from nbnebius.work import tool_rounds

    return tool_rounds.run(body)


async def ask(running: Running, wish: Wish, desk: Desk, *, stream: bool) -> Answered:
    """
    Ask, and read the answer in the wished shape.

    Raises
    ------
    AnswerError
        The answer does not fit its schema; its ``reply`` is what was answered.
    NebiusError
        What the parts raise.
    """
    answered = await _once(running, wish, desk, stream=stream)
    if wish.schema is None:
        return answered
    try:
        return _read(answered, wish.schema)
    except AnswerError as error:
        error.reply = answered
        if not wish.repair or error.truncated:
            raise
        second = await _again(running, answered, error, desk, stream=stream)
    try:
        return _read(second, wish.schema)
    except AnswerError as error:
        error.reply = second
        raise


async def _once(running: Running, wish: Wish, desk: Desk, *, stream: bool) -> Answered:
    common: dict[str, Any] = {
        "client": desk.client,
        "journal": desk.journal,
        "origin": desk.origin,
        "price": desk.price,
        "stream": stream,
        "observer": desk.observer,
    }
    if not isinstance(running, chat_work.Running):
        from nbnebius.work import tool_rounds
        from nbnebius.work.mcp_tools import open_mcp
        from nbnebius.work.tools import Toolbox

        async with AsyncExitStack() as stack:
            remote = [await stack.enter_async_context(open_mcp(spec)) for spec in wish.servers]
            box = Toolbox([*wish.tools, *chain.from_iterable(remote)])
            done = await tool_rounds.chat_with_tools(
                running, **common, toolbox=box, call_here=desk.call_here, approve=wish.approve
            )
        said = done.messages[len(running.body.get("messages", ())) :]
        return Answered(done.result, calls=done.calls, said=said)
    result = await chat_work.chat(running, **common)
    return Answered(result, said=[spoken(result, message(result).tool_calls, keep_reasoning=False)])


async def _again(
    running: Running, first: Answered, error: AnswerError, desk: Desk, *, stream: bool
) -> Answered:
    """Tell the model what does not fit, and put both answers' money together."""
    from nbnebius.work.structured import repair_message

    messages = [
        *running.body["messages"],
        {"role": "assistant", "content": first.result.text},
        {"role": "user", "content": repair_message(error.problems or [error.what])},
    ]
    running = chat_work.run({**running.body, "messages": messages})
    second = await _once(running, NOTHING_MORE, desk, stream=stream)
    result = second.result
    both = replace(
        result,
        cost=total((first.result.cost, result.cost)),
        answer_cost=total((first.result.answer_cost, result.answer_cost)),
        seconds=total((first.result.seconds, result.seconds)),
    )
    # A thread goes on from the answer that fits, as if it had been the first.
    return Answered(both, calls=first.calls, said=[*first.said[:-1], *second.said])


def _read(answered: Answered, schema: Schema) -> Answered:
    from nbnebius.work.structured import read

    result = answered.result
    choices = result.completion.choices
    parsed = read(
        result.text,
        schema,
        finish_reason=choices[0].finish_reason if choices else None,
        reasoning=result.reasoning,
    )
    return replace(answered, parsed=parsed)
