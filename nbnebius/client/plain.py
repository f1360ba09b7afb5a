"""The short way to read the commonest answer: one choice, with text and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from nbnebius.client.decode import decode_completion
from nbnebius.client.reasoning import OPEN, split_reasoning
from nbnebius.types.usage import MOST_TOKENS, Usage


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """A chat's answer as far as a row needs it: text, reasoning, how it ended, tokens."""

    text: str
    finish_reason: str | None
    usage: Usage | None
    reasoning: str | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning: Any = None
    reasoning_content: Any = None
    tool_calls: Any = None
    refusal: Any = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Counts(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class _Answer(msgspec.Struct):
    choices: list[_Choice]
    usage: _Counts
    error: Any = None


_DECODER = msgspec.json.Decoder(_Answer)


def read_plain(body: bytes, content_type: str = "application/json") -> PlainAnswer:
    """
    Read a chat's answer.

    What is not of the commonest shape is read by `decode_completion`, so the result is the same.

    Raises
    ------
    ResponseError
        It cannot be read.
    """
    try:
        answer = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _read_any(body, content_type)
    message = answer.choices[0].message if answer.choices else None
    if (
        message is None
        or not message.content
        or answer.error
        or message.reasoning
        or message.reasoning_content
        or message.tool_calls
        or not _are_counts(answer.usage)
        or OPEN.startswith(message.content.lstrip()[: len(OPEN)])
    ):
        return _read_any(body, content_type)
    counts = answer.usage
    usage = Usage(counts.prompt_tokens, counts.completion_tokens, counts.total_tokens)
    return PlainAnswer(message.content, answer.choices[0].finish_reason, usage)


def _are_counts(counts: _Counts) -> bool:
    told = (counts.prompt_tokens, counts.completion_tokens, counts.total_tokens)
    return min(told) >= 0 and max(told) <= MOST_TOKENS


def _read_any(body: bytes, content_type: str) -> PlainAnswer:
    completion = decode_completion(body, content_type)
    if not completion.choices:
        return PlainAnswer("", None, completion.usage)
    first = completion.choices[0]
    text, reasoning = split_reasoning(first.message, first.finish_reason)
    return PlainAnswer(text, first.finish_reason, completion.usage, reasoning)
