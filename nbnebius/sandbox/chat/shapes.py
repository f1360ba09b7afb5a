"""A chat answer as JSON: whole, or frame by frame."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nbnebius.sandbox.catalog import Model
from nbnebius.sandbox.chat.generation import Choice
from nbnebius.sandbox.chat.request import ChatRequest
from nbnebius.sandbox.engines.likelihood import chat_logprobs
from nbnebius.sandbox.engines.tokens import tokenize
from nbnebius.sandbox.wire.sse import Frame


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """The choices of an answer, with what is needed to write them down."""

    request: ChatRequest
    model: Model
    choices: list[Choice]
    prompt_tokens: int
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def usage(self) -> dict[str, object]:
        """Count what the answer costs."""
        completion = sum(choice.length for choice in self.choices)
        thoughts = sum(len(choice.thoughts) for choice in self.choices)
        details = {"reasoning_tokens": thoughts} if self.model.thoughts else None
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
            "prompt_tokens_details": None,
            "completion_tokens_details": details,
        }

    def whole(self) -> dict[str, object]:
        """Write the answer as one object."""
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model.id,
            "choices": [self._choice(choice) for choice in self.choices],
            "service_tier": self.request.sampling.service_tier,
            "system_fingerprint": None,
            "usage": self.usage,
            "prompt_logprobs": None,
        }

    def _choice(self, choice: Choice) -> dict[str, object]:
        text = "".join(choice.tokens)
        thoughts = "".join(choice.thoughts) or None
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if choice.calls else text,
            "refusal": None,
            "annotations": None,
            "audio": None,
            "function_call": None,
            "tool_calls": [_call(call.id, call.name, call.arguments) for call in choice.calls],
        }
        message |= dict.fromkeys(self.model.thoughts or ("reasoning_content",), thoughts)
        logprobs = None
        if self.request.logprobs and not choice.calls:
            logprobs = chat_logprobs(choice.tokens, 0, self.request.top_logprobs)
        return {
            "index": choice.index,
            "message": message,
            "logprobs": logprobs,
            "finish_reason": choice.finish_reason,
            "stop_reason": choice.stop_reason,
        }

    def frames(self) -> Iterator[Frame]:
        """Write the answer as frames, one token each, its choices in turn."""
        writers = [self._choice_frames(choice) for choice in self.choices]
        while writers:
            for writer in list(writers):
                frame = next(writer, None)
                if frame is None:
                    writers.remove(writer)
                else:
                    yield frame
        if self.request.sampling.include_usage:
            yield 0, {**self._envelope(), "choices": [], "usage": self.usage}

    def _choice_frames(self, choice: Choice) -> Iterator[Frame]:
        yield 0, self._frame(choice, {"role": "assistant", "content": ""})
        for token in choice.thoughts:
            yield 1, self._frame(choice, dict.fromkeys(self.model.thoughts, token))
        for place, token in enumerate(choice.tokens):
            logprobs = None
            if self.request.logprobs:
                logprobs = chat_logprobs([token], place, self.request.top_logprobs)
            yield 1, self._frame(choice, {"content": token}, logprobs)
        for number, call in enumerate(choice.calls):
            opening = {**_call(call.id, call.name, ""), "index": number}
            yield 1, self._frame(choice, {"tool_calls": [opening]})
            for token in tokenize(call.arguments):
                piece = {"index": number, "function": {"arguments": token}}
                yield 1, self._frame(choice, {"tool_calls": [piece]})
        last = self._frame(choice, {})
        last["choices"][0] |= {
            "finish_reason": choice.finish_reason,
            "stop_reason": choice.stop_reason,
        }
        yield 0, last

    def _envelope(self) -> dict[str, object]:
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model.id,
        }

    def _frame(self, choice: Choice, delta: object, logprobs: object = None) -> dict[str, Any]:
        piece = {
            "index": choice.index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": None,
        }
        return {**self._envelope(), "choices": [piece]}


def _call(id: str, name: str, arguments: str) -> dict[str, object]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
