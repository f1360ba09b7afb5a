"""A few sentences on how the engine came to its answer, as reasoning models give."""

from collections.abc import Sequence

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import key_words, sentences


def think(conversation: Conversation, calls: Sequence[str], voice: Voice) -> str:
    """Say what the answer is looked for in."""
    topics = key_words(conversation.prompt, 3)
    about = ", ".join(topics) if topics else "nothing in particular"
    opening = voice.pick(
        ["The user asks about", "The prompt turns on", "The key words are"], "thought"
    )
    thoughts = [f"{opening} {about}."]
    lines = len(sentences(conversation.prompt))
    if conversation.results:
        thoughts.append(f"The tools have answered {len(conversation.results)} time(s) already.")
    elif lines > 1:
        thoughts.append(
            f"There are {lines} sentences to search; those that share words come first."
        )
    if calls:
        thoughts.append(f"Calling {', '.join(calls)} will tell.")
    return " ".join(thoughts)
