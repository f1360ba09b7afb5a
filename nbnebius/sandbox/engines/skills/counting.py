"""Counting up, counting down, and counting what stands in a prompt."""

import re

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import words

_RANGE = re.compile(
    r"\bcount\b[^.?!\n]*?\bfrom\s+(\d{1,6})\s+(?:down\s+)?(?:to|until|up to)\s+(\d{1,6})",
    re.IGNORECASE,
)
_TO = re.compile(r"\bcount\b[^.?!\n\d]*?\bto\s+(\d{1,6})", re.IGNORECASE)
_LETTERS = re.compile(
    r"how many (?:letter )?[\"'`]?(\w)[\"'`]?(?:'?s)?(?: letters?)?\s+(?:are\s+)?(?:there\s+)?"
    r"in (?:the word )?[\"'`]?(\w+)", re.IGNORECASE
)  # fmt: skip
_WORDS = re.compile(
    r"how many (words|characters|letters)\b.*?[:\"“](.+)", re.IGNORECASE | re.DOTALL
)
_MOST = 5000


def count(conversation: Conversation, _voice: Voice) -> str | None:
    """Count as the prompt asks."""
    prompt = conversation.task
    match = _RANGE.search(prompt)
    if match:
        return _numbers(int(match[1]), int(match[2]), prompt)
    match = _TO.search(prompt)
    if match:
        return _numbers(1, int(match[1]), prompt)
    match = _LETTERS.search(prompt)
    if match:
        number = match[2].lower().count(match[1].lower())
        return f'There are {number} "{match[1]}" in "{match[2]}".'
    match = _WORDS.search(prompt)
    if match:
        return _counted(match[1].lower(), match[2].strip(" \"”'"))
    return None


def _numbers(first: int, last: int, prompt: str) -> str:
    step = 1 if last >= first else -1
    if "down" in prompt.lower() and first < last:
        first, last, step = last, first, -1
    numbers = range(first, last + step, step)[:_MOST]
    return "\n".join(map(str, numbers)) if "line" in prompt else ", ".join(map(str, numbers))


def _counted(unit: str, text: str) -> str:
    number = {
        "words": len(words(text)),
        "characters": len(text),
        "letters": sum(letter.isalpha() for letter in text),
    }[unit]
    return f"There are {number} {unit}."
