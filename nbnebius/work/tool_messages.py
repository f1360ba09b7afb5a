"""What a model said beside its tool calls, as the next request repeats it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from nbnebius.client.reasoning import CLOSE
from nbnebius.types.chat import FunctionCall, Message, ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbnebius.types.answers import ChatResult

_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_-]")
_THINKS_ON: Final = re.compile(
    r"deepseek-v(?:3\.[1-9]|[4-9])|kimi-k|gpt-oss|glm-(?:4\.[5-9]|[5-9])|minimax-m", re.IGNORECASE
)


def thinks_on(model: str) -> bool:
    """Tell whether a model thinks on between calls, and does it badly without its own thoughts."""
    return bool(_THINKS_ON.search(model))


def message(answer: ChatResult) -> Message:
    """Give the first choice's message as the service sent it."""
    choices = answer.completion.choices
    return choices[0].message if choices else Message()


def named(calls: Iterable[ToolCall], turn: int) -> list[ToolCall]:
    """Leave out what is said twice; give an id of its own to each call that has none."""
    found: list[ToolCall] = []
    seen: list[ToolCall] = []
    taken: set[str] = set()
    for place, call in enumerate(calls):
        if call.id and call in seen:
            continue
        seen.append(call)
        own = call.id if call.id and call.id not in taken else f"call_{turn}_{place}"
        taken.add(own)
        found.append(ToolCall(own, call.type, call.function))
    return found


def spoken(
    answer: ChatResult, calls: Sequence[ToolCall], *, keep_reasoning: bool
) -> dict[str, Any]:
    """Write the model's turn as the next request tells it."""
    said = message(answer)
    turn: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if not calls:
        return turn
    turn["content"] = answer.text or None
    turn["tool_calls"] = [
        {"id": call.id, "type": "function", "function": _repeated(call.function)} for call in calls
    ]
    if keep_reasoning:
        if CLOSE in (said.content or ""):
            turn["content"] = said.content  # this service writes reasoning inline
        elif said.reasoning_content:
            turn["reasoning_content"] = said.reasoning_content
        elif said.reasoning:
            turn["reasoning"] = said.reasoning
    return turn


def _repeated(function: FunctionCall) -> dict[str, str]:
    """Repeat a call so that a service can read it: some parse the arguments and fail on others."""
    from nbnebius.work.tool_arguments import ArgumentsError, read_arguments

    try:
        arguments = msgspec.json.encode(read_arguments(function.arguments)).decode()
    except (ArgumentsError, UnicodeEncodeError):
        arguments = "{}"
    return {"name": _FOREIGN.sub("_", function.name)[:64] or "unknown", "arguments": arguments}
