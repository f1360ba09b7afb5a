"""
Chat completions, whole and in chunks.

`ChatCompletion` and its parts are what callers hold. `ChatFrame` is what the wire carries: one
JSON answer (``message``) or one chunk of a stream (``delta``); both are read by the same code.
Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-chat-completion
"""

from __future__ import annotations

from typing import Any

import msgspec

from nbnebius.types.usage import Usage


class FunctionCall(msgspec.Struct):
    """A function a model wants called; ``arguments`` is JSON text, and may be malformed."""

    name: str = ""
    arguments: str = ""


class ToolCall(msgspec.Struct):
    """One tool call of a message."""

    id: str = ""
    type: str = "function"
    function: FunctionCall = msgspec.field(default_factory=FunctionCall)


class Message(msgspec.Struct):
    """
    A message of a model, as the server sent it.

    ``reasoning`` and ``reasoning_content`` are two servers' names of one thing; use
    `nbnebius.client.reasoning.split_reasoning` to get at text and reasoning.
    """

    role: str = "assistant"
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] = msgspec.field(default_factory=list)
    refusal: str | None = None


class Choice(msgspec.Struct):
    """One answer of a completion; ``logprobs`` is the server's object as it is."""

    index: int = 0
    message: Message = msgspec.field(default_factory=Message)
    finish_reason: str | None = None
    logprobs: Any | None = None


class ChatCompletion(msgspec.Struct):
    """An answer to a chat request. ``created`` is in seconds since 1970."""

    id: str = ""
    created: int | None = None
    model: str = ""
    choices: list[Choice] = msgspec.field(default_factory=list)
    usage: Usage | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None


class FunctionFragment(msgspec.Struct):
    """A piece of a function call."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolCallFragment(msgspec.Struct):
    """A piece of a tool call; pieces of one call share an ``index`` or an ``id``."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: FunctionFragment | None = None


class MessageFragment(msgspec.Struct):
    """A ``delta`` of a stream, or the ``message`` of a whole answer."""

    role: str | None = None
    content: str | list[Any] | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCallFragment] | None = None
    refusal: str | None = None


class FrameChoice(msgspec.Struct):
    """One choice of a frame; ``text`` is that of v1/completions."""

    index: int | None = None
    delta: MessageFragment | None = None
    message: MessageFragment | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: Any = None


class ChatFrame(msgspec.Struct):
    """One frame of the wire: a whole JSON answer or a chunk. ``error`` is a failure inside 200."""

    id: str | None = None
    created: int | float | None = None
    model: str | None = None
    choices: list[FrameChoice] | None = None
    usage: Any = None
    error: Any = None
    object: str | None = None
    message: Any = None
    system_fingerprint: str | None = None
    service_tier: str | None = None


def text_of(content: str | list[Any] | None) -> str | None:
    """Return a content's text: itself, or of a list of parts the text parts, joined."""
    if content is None or isinstance(content, str):
        return content
    pieces = [part if isinstance(part, str) else _text_of_part(part) for part in content]
    return "".join(piece for piece in pieces if piece)


def _text_of_part(part: Any) -> str:
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""
