"""How many tokens a text is, before anyone has counted them: always an estimate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Measured over English prose and code with the tokenizers of today's models; other scripts take
# more tokens per character.
LATIN_CHARACTERS_PER_TOKEN = 4.0
OTHER_CHARACTERS_PER_TOKEN = 1.6
PICTURE_TOKENS = 1_000
MESSAGE_TOKENS = 4
NOT_LATIN = re.compile("[^\u0000-\u024f]")


def estimate_tokens(text: str, model: str | None = None) -> int:  # noqa: ARG001 - one ratio for all models so far
    """
    Estimate the tokens of a text.

    Parameters
    ----------
    text
        Any text.
    model
        A model's id; the same characters per token are assumed of all.
    """
    other = 0 if text.isascii() else len(NOT_LATIN.findall(text))
    latin = len(text) - other
    return round(latin / LATIN_CHARACTERS_PER_TOKEN + other / OTHER_CHARACTERS_PER_TOKEN)


def estimate_each(texts: Sequence[str]) -> list[int]:
    """Estimate the tokens of each of many texts, as `estimate_tokens` does."""
    if all(map(str.isascii, texts)):
        return [round(length / LATIN_CHARACTERS_PER_TOKEN) for length in map(len, texts)]
    return list(map(estimate_tokens, texts))


def estimate_messages(messages: list[Mapping[str, Any]]) -> int:
    """Estimate the tokens of a chat's messages, pictures included."""
    total = 0
    for message in messages:
        total += MESSAGE_TOKENS
        content = message.get("content")
        if isinstance(content, str):
            total += estimate_tokens(content)
            continue
        for part in content or []:
            total += estimate_tokens(part["text"]) if "text" in part else PICTURE_TOKENS
    return total
