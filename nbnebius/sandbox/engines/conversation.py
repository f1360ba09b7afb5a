"""What an engine is given to answer."""

from dataclasses import dataclass

from nbnebius.sandbox.engines.vision import Sight

_TASK = 4000


@dataclass(frozen=True, slots=True)
class Conversation:
    """
    A conversation up to the answer.

    Parameters
    ----------
    prompt
        What the user said last.
    system
        The system's instructions.
    earlier
        What was said before, by role and text.
    sights
        What is to be seen in the pictures of the last message.
    results
        What tools have answered since, by tool name and text.
    """

    prompt: str
    system: str = ""
    earlier: tuple[tuple[str, str], ...] = ()
    sights: tuple[Sight, ...] = ()
    results: tuple[tuple[str, str], ...] = ()

    @property
    def task(self) -> str:
        """Give the part of the prompt that says what to do: its beginning and its end."""
        return ends_of(self.prompt, _TASK)


def ends_of(text: str, most: int) -> str:
    """
    Give the beginning and the end of a text that is too long to be searched as a whole.

    Patterns with open ends need a time that grows with the square of the text's length.
    """
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n{text[-most // 2 :]}"
