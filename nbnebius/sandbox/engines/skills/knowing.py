"""The few facts that the engine knows by heart."""

import re

from nbnebius.sandbox.engines.almanac import CAPITALS
from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice

_CAPITAL = re.compile(r"\bcapital(?: city)? of (?:the )?([^\W\d_]+)", re.IGNORECASE)
_ONE_WORD = re.compile(r"\bone word\b|\bonly\b", re.IGNORECASE)


def recall(conversation: Conversation, voice: Voice) -> str | None:
    """Name the capital that the prompt asks for."""
    match = _CAPITAL.search(conversation.task)
    capital = CAPITALS.get(match[1].lower()) if match else None
    if match is None or capital is None:
        return None
    if _ONE_WORD.search(conversation.task):
        return capital
    return voice.pick(
        [
            f"The capital of {match[1]} is **{capital}**.",
            f"**{capital}** is the capital of {match[1]}.",
            f"That is **{capital}**.",
        ],
        "capital",
    )
