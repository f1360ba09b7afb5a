"""Saying what one is told to say."""

import re

from nbnebius.sandbox.engines.conversation import Conversation, ends_of
from nbnebius.sandbox.engines.voice import Voice

_EXACTLY = re.compile(
    r"\b(?:say|repeat(?: after me)?|echo|(?:reply|answer|respond|output|print|return)"
    r"(?: only| just| exactly)*(?: with)?(?: only| just| exactly)*(?: the (?:word|words|text))?)"
    r"\s*[:,]?\s*(?:[\"“'`](?P<quoted>[^\"”'`\n]+)[\"”'`]"
    r"|(?<=:)\s*(?P<after>[^\n]+))", re.IGNORECASE
)  # fmt: skip
_WORD_ONLY = re.compile(
    r"\b(?:reply|answer|respond)\s+(?:only |just )?with (?:only |just |exactly )?"
    r"(?:(?:the|one|a single) (?:single )?word:? )(\w+)", re.IGNORECASE
)  # fmt: skip
_SAY = re.compile(
    r"^\s*(?:please )?(?:just |only )?say (?!my\b|something|why|how|what)(\w[^.\n?!]{0,60})",
    re.IGNORECASE,
)
_MY_NAME = re.compile(r"\b(?:say|what(?:'s|\u2019s| is)) my name\b", re.IGNORECASE)
_LONGEST = 4000
_NAMED = re.compile(
    r"\b(?:my name is|i am called|i'm called|call me)\s+([^\W\d_][\w'\u2019-]*)", re.IGNORECASE
)


def repeat(conversation: Conversation, voice: Voice) -> str | None:
    """Say the words that the prompt asks for."""
    prompt = conversation.task
    if _MY_NAME.search(prompt):
        return _name(conversation, voice)
    match = _WORD_ONLY.search(prompt)
    if match:
        return match[1]
    match = _EXACTLY.search(prompt)
    if match:
        return (match["quoted"] or match["after"]).strip()
    match = _SAY.match(prompt)
    return match[1].strip() if match else None


def _name(conversation: Conversation, voice: Voice) -> str:
    said = [text for role, text in conversation.earlier if role == "user"]
    for text in [conversation.task, *reversed(said)]:
        match = _NAMED.search(ends_of(text, _LONGEST))
        if match:
            return voice.pick([f"Your name is {match[1]}.", f"You are {match[1]}."], "name")
    return voice.pick(
        ["You have not told me your name yet.", "I do not know your name yet."], "name"
    )
