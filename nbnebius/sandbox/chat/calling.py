"""Whether to call a tool, which one, and with which arguments."""

import json
import uuid
from dataclasses import dataclass

from nbnebius.sandbox.chat.tools import Offer, Tool
from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.schema import follow
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import stem, stems, words

_NAME_PARTS = frozenset({"get", "set", "find", "fetch", "search", "do", "run", "call", "tool"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool."""

    id: str
    name: str
    arguments: str


def calls_for(offer: Offer, conversation: Conversation, voice: Voice) -> list[Call]:
    """Give the calls that answer a conversation; none when it needs none."""
    if offer.choice == "none":
        return []
    if offer.must:
        chosen = [tool for tool in offer.tools if tool.name == offer.must][:1]
    else:
        chosen = _mentioned(offer, conversation)
        if not chosen and offer.choice == "required":
            chosen = [offer.tools[0]]
    if not offer.parallel:
        chosen = chosen[:1]
    return [_call(tool, conversation, voice) for tool in chosen]


def _call(tool: Tool, conversation: Conversation, voice: Voice) -> Call:
    arguments = follow({"type": "object", **tool.parameters}, conversation, voice)
    identity = f"chatcmpl-tool-{uuid.uuid4().hex}"
    return Call(identity, tool.name, json.dumps(arguments, ensure_ascii=False))


def _mentioned(offer: Offer, conversation: Conversation) -> list[Tool]:
    """Give the tools that the prompt speaks of, unless they have answered already."""
    if conversation.results and offer.choice == "auto":
        return []
    found = stems(conversation.prompt)
    scored = [(_likeness(tool, found), tool) for tool in offer.tools]
    best = max((score for score, _ in scored), default=0)
    return [tool for score, tool in scored if score and score == best]


def _likeness(tool: Tool, found: set[str]) -> int:
    """Count how clearly a prompt speaks of a tool: by its name, or by its parameters."""
    name = {stem(word) for word in words(tool.name.replace("_", " "))} - _NAME_PARTS
    properties = tool.parameters.get("properties")
    named = properties if isinstance(properties, dict) else {}
    parameters = {stem(word) for key in named for word in words(str(key).replace("_", " "))}
    return 3 * len(name & found) + len(parameters & found)
