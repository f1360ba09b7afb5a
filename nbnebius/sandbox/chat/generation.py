"""From a checked chat request to the tokens of its choices."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from nbnebius.sandbox.catalog import Model
from nbnebius.sandbox.chat.calling import Call, calls_for
from nbnebius.sandbox.chat.messages import Message
from nbnebius.sandbox.chat.request import ChatRequest
from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.ending import end
from nbnebius.sandbox.engines.guided import choose, follow_pattern
from nbnebius.sandbox.engines.reasoning import think
from nbnebius.sandbox.engines.schema import follow
from nbnebius.sandbox.engines.text import write
from nbnebius.sandbox.engines.tokens import tokenize
from nbnebius.sandbox.engines.vision import Sight
from nbnebius.sandbox.engines.voice import Voice


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer, cut into tokens."""

    index: int
    thoughts: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    finish_reason: str = "stop"
    stop_reason: str | None = None

    @property
    def length(self) -> int:
        """Count every token that was generated."""
        arguments = sum(len(tokenize(call.arguments)) + 1 for call in self.calls)
        return len(self.thoughts) + len(self.tokens) + arguments


def generate(
    request: ChatRequest, model: Model, sights: Sequence[Sight], room: int
) -> list[Choice]:
    """
    Answer a chat request.

    Parameters
    ----------
    request
        What is asked.
    model
        Who answers; it decides about reasoning only.
    sights
        What is to be seen in the pictures of the last message.
    room
        How many tokens an answer may have.
    """
    conversation = converse(request.messages, sights)
    body = [request.model, repr(request.messages), repr(request.form)]
    sampling = request.sampling
    seed = sampling.seed if sampling.seed is not None and sampling.temperature > 0 else 0
    return [
        _choice(request, model, conversation, Voice(body, seed + index), room, index)
        for index in range(sampling.n)
    ]


def _choice(
    request: ChatRequest,
    model: Model,
    conversation: Conversation,
    voice: Voice,
    room: int,
    index: int,
) -> Choice:
    calls = calls_for(request.offer, conversation, voice)
    thoughts: list[str] = []
    if model.thoughts and request.thinks:
        thoughts = tokenize(think(conversation, [call.name for call in calls], voice))[:room]
    if calls:
        reason = "stop" if request.offer.must else "tool_calls"
        return Choice(index, thoughts, calls=calls, finish_reason=reason)
    text = _text(request, conversation, voice)
    ending = end(text, request.sampling.stop, room - len(thoughts))
    return Choice(
        index,
        thoughts,
        ending.tokens,
        finish_reason=ending.finish_reason,
        stop_reason=ending.stop_reason,
    )


def _text(request: ChatRequest, conversation: Conversation, voice: Voice) -> str:
    form = request.form
    if form.kind == "json":
        value = follow(form.schema, conversation, voice)
        return json.dumps(value, ensure_ascii=False)
    if form.kind == "choice":
        return choose(form.choices, conversation.prompt, voice)
    if form.kind == "regex":
        return follow_pattern(form.regex, conversation.prompt, voice)
    return write(conversation, voice)


def converse(messages: Sequence[Message], sights: Sequence[Sight]) -> Conversation:
    """Read messages as a conversation that waits for an answer to its last question."""
    last = max((i for i, message in enumerate(messages) if message.role == "user"), default=-1)
    system = "\n".join(message.text for message in messages if message.role == "system")
    before = tuple(
        (message.role, message.text)
        for message in messages[: max(last, 0)]
        if message.role in {"user", "assistant"} and message.text
    )
    names = _call_names(messages)
    results = tuple(
        (names.get(message.tool_call_id, "the tool"), message.text)
        for message in messages[last + 1 :]
        if message.role == "tool"
    )
    prompt = messages[last].text if last >= 0 else messages[-1].text
    return Conversation(prompt, system, before, tuple(sights), results)


def _call_names(messages: Sequence[Message]) -> dict[str | None, str]:
    names: dict[str | None, str] = {}
    for message in messages:
        for call in message.tool_calls:
            function = call.get("function")
            if isinstance(function, dict):
                names[str(call.get("id"))] = str(function.get("name"))
    return names


def pictures_of(messages: Sequence[Message]) -> tuple[str, ...]:
    """Give the addresses of all pictures that the last user message carries."""
    users = [message for message in messages if message.role == "user"]
    return users[-1].pictures if users else ()
