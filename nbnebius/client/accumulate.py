"""
Putting an answer together from its frames.

A whole JSON answer is one frame with a ``message``, a stream is many with a ``delta``: both go
through here, and so do the kept bytes of either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.reasoning import ThinkSplitter
from nbnebius.client.surrogates import Joiner, mend
from nbnebius.events import ReasoningDelta, TextDelta
from nbnebius.types.chat import ChatCompletion, Choice, FunctionCall, Message, ToolCall, text_of
from nbnebius.types.usage import count, read_usage

if TYPE_CHECKING:
    from nbnebius.types.chat import (
        ChatFrame,
        FrameChoice,
        FunctionFragment,
        MessageFragment,
        ToolCallFragment,
    )
    from nbnebius.types.completions import Completion, CompletionChoice
    from nbnebius.types.usage import Usage

MOST_CHOICES = 1024
"""Choices of one answer; the API allows 128."""


class Accumulator:
    """
    Collect the frames of one answer.

    Attributes
    ----------
    finished
        A frame carried a ``finish_reason``.
    """

    def __init__(self) -> None:
        self.finished = False
        self._id = self._model = ""
        self._created: int | None = None
        self._fingerprint: str | None = None
        self._tier: str | None = None
        self._usage: Usage | None = None
        self._choices: dict[int, _Choice] = {}

    def add(self, frame: ChatFrame) -> list[TextDelta | ReasoningDelta]:
        """Take a frame in; return the first choice's new text and reasoning."""
        self._id = self._id or frame.id or ""
        self._model = self._model or frame.model or ""
        self._created = count(frame.created) if self._created is None else self._created
        self._fingerprint = frame.system_fingerprint or self._fingerprint
        self._tier = frame.service_tier or self._tier
        self._usage = read_usage(frame.usage) or self._usage
        deltas: list[TextDelta | ReasoningDelta] = []
        for place, piece in enumerate(frame.choices or ()):
            index = place if piece.index is None else piece.index
            if index not in self._choices:
                if len(self._choices) >= MOST_CHOICES:
                    continue
                self._choices[index] = _Choice()
            fresh = self._choices[index].add(piece)
            if index == min(self._choices):
                deltas += fresh
            self.finished = self.finished or bool(piece.finish_reason)
        return deltas

    def rest(self) -> list[TextDelta | ReasoningDelta]:
        """Return what the first choice had held back when the answer ended."""
        return self._choices[min(self._choices)].rest() if self._choices else []

    @property
    def empty(self) -> bool:
        """Whether no frame held any part of an answer."""
        return not self._choices

    @property
    def text(self) -> str:
        """The first choice's text so far, without its reasoning."""
        return self._choices[min(self._choices)].shown if self._choices else ""

    def chat(self) -> ChatCompletion:
        """Return the answer as it is by now."""
        return ChatCompletion(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[self._choices[index].chat(index) for index in sorted(self._choices)],
            usage=self._usage,
            system_fingerprint=self._fingerprint,
            service_tier=self._tier,
        )

    def completion(self) -> Completion:
        """Return the answer to a text completion as it is by now."""
        from nbnebius.types.completions import Completion

        return Completion(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[self._choices[index].completion(index) for index in sorted(self._choices)],
            usage=self._usage,
        )


class _Choice:
    """One choice of an answer, while its pieces come."""

    def __init__(self) -> None:
        self._role = "assistant"
        self._content: list[str] | None = None
        self._reasoning: list[str] | None = None
        self._reasoning_content: list[str] | None = None
        self._refusal: list[str] | None = None
        self._calls = _ToolCalls()
        self._finish_reason: str | None = None
        self._logprobs: Any = None
        self._texts, self._thoughts = Joiner(), Joiner()
        self._splitter = ThinkSplitter()
        self._shown: list[str] = []

    @property
    def shown(self) -> str:
        return "".join(self._shown)

    def add(self, piece: FrameChoice) -> list[TextDelta | ReasoningDelta]:
        self._finish_reason = piece.finish_reason or self._finish_reason
        if piece.logprobs is not None:
            self._logprobs = _join_logprobs(self._logprobs, piece.logprobs)
        if piece.text is not None:
            self._content = _grown(self._content, piece.text)
            return self._show(self._texts.add(piece.text))
        message = piece.delta or piece.message
        return [] if message is None else self._add_message(message)

    def _add_message(self, message: MessageFragment) -> list[TextDelta | ReasoningDelta]:
        self._role = message.role or self._role
        content = text_of(message.content)
        self._content = _grown(self._content, content)
        self._reasoning = _grown(self._reasoning, message.reasoning)
        self._reasoning_content = _grown(self._reasoning_content, message.reasoning_content)
        self._refusal = _grown(self._refusal, message.refusal)
        for fragment in message.tool_calls or ():
            self._calls.add(fragment)
        deltas: list[TextDelta | ReasoningDelta] = []
        # where both carry the same text, one is enough
        thought = self._thoughts.add(message.reasoning or message.reasoning_content or "")
        if thought:
            deltas.append(ReasoningDelta(thought))
        if content:
            deltas += self._split(self._texts.add(content))
        return deltas

    def rest(self) -> list[TextDelta | ReasoningDelta]:
        deltas: list[TextDelta | ReasoningDelta] = []
        if thought := self._thoughts.rest():
            deltas.append(ReasoningDelta(thought))
        deltas += self._split(self._texts.rest())
        for kind, piece in self._splitter.rest():
            deltas += self._show(piece) if kind == "text" else [ReasoningDelta(piece)]
        return deltas

    def _split(self, content: str) -> list[TextDelta | ReasoningDelta]:
        deltas: list[TextDelta | ReasoningDelta] = []
        for kind, piece in self._splitter.add(content):
            deltas += self._show(piece) if kind == "text" else [ReasoningDelta(piece)]
        return deltas

    def _show(self, text: str) -> list[TextDelta | ReasoningDelta]:
        if not text:
            return []
        self._shown.append(text)
        return [TextDelta(text)]

    def chat(self, index: int) -> Choice:
        message = Message(
            role=self._role,
            content=_whole(self._content),
            reasoning=_whole(self._reasoning),
            reasoning_content=_whole(self._reasoning_content),
            tool_calls=self._calls.whole(),
            refusal=_whole(self._refusal),
        )
        return Choice(index, message, self._finish_reason, self._logprobs)

    def completion(self, index: int) -> CompletionChoice:
        from nbnebius.types.completions import CompletionChoice

        return CompletionChoice(
            index, _whole(self._content) or "", self._finish_reason, self._logprobs
        )


class _ToolCalls:
    """The tool calls of one choice, joined from fragments."""

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}

    def add(self, fragment: ToolCallFragment) -> None:
        key = fragment.index if fragment.index is not None else self._place(fragment)
        call = self._calls.get(key)
        if call is not None and fragment.id and call.id and fragment.id != call.id:
            # some servers give every call of a message the index 0
            key = self._place(fragment)
            call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= MOST_CHOICES:
                return
            call = self._calls[key] = _Call()
        call.add(fragment)

    def _place(self, fragment: ToolCallFragment) -> int:
        """Find the call that a fragment continues; a new place where it begins one."""
        if fragment.id:
            for key, call in self._calls.items():
                if call.id == fragment.id:
                    return key
        begins = fragment.id or (fragment.function is not None and fragment.function.name)
        last = max(self._calls, default=-1)
        return last + 1 if begins or last < 0 else last

    def whole(self) -> list[ToolCall]:
        return [self._calls[key].whole() for key in sorted(self._calls)]


class _Call:
    def __init__(self) -> None:
        self.id = ""
        self._type = "function"
        self._name = ""
        self._arguments: list[str] = []

    def add(self, fragment: ToolCallFragment) -> None:
        self.id = self.id or fragment.id or ""
        self._type = fragment.type or self._type
        if fragment.function is not None:
            self._name = self._name or fragment.function.name or ""
            self._arguments.append(_arguments(fragment.function))

    def whole(self) -> ToolCall:
        arguments = mend("".join(self._arguments))
        return ToolCall(self.id, self._type, FunctionCall(self._name, arguments))


def _arguments(function: FunctionFragment) -> str:
    if isinstance(function.arguments, dict):  # an object where its JSON text belongs
        import msgspec

        return msgspec.json.encode(function.arguments).decode()
    return function.arguments or ""


def _grown(pieces: list[str] | None, piece: str | None) -> list[str] | None:
    if piece is None:
        return pieces
    if pieces is None:
        return [piece]
    pieces.append(piece)
    return pieces


def _whole(pieces: list[str] | None) -> str | None:
    return None if pieces is None else mend("".join(pieces))


def _join_logprobs(kept: Any, more: Any) -> Any:
    """Join the lists of two logprobs objects: ``content`` of chats, ``tokens`` of completions."""
    if not isinstance(kept, dict) or not isinstance(more, dict):
        return more
    for name, value in more.items():
        old = kept.get(name)
        if isinstance(old, list) and isinstance(value, list):
            old.extend(value)
        elif value is not None:
            kept[name] = value
    return kept
