"""Where an answer ends: at a stop text, at its length, or by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from nbnebius.sandbox.engines.tokens import tokenize


@dataclass(frozen=True, slots=True)
class Ending:
    """The tokens that are left of a text, and why it ends where it does."""

    tokens: list[str]
    finish_reason: str
    stop_reason: str | None = None


def end(text: str, stops: Sequence[str], room: int) -> Ending:
    """
    Cut a text at the first stop text or where its room ends.

    Parameters
    ----------
    text
        The whole text.
    stops
        Texts that end it; they are not part of what is left.
    room
        How many tokens there may be.
    """
    found = [(text.find(stop), stop) for stop in stops if stop in text]
    place, stop = min(found, default=(len(text), None))
    tokens = tokenize(text[:place])
    if len(tokens) > room:
        return Ending(tokens[:room], "length")
    return Ending(tokens, "stop", stop)
