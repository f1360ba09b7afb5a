"""
Characters that a server cut in two.

Some servers cut text by UTF-16 units: one chunk ends with half a character, the next begins with
the other half. Printing or encoding a half alone raises; so halves wait for each other here.
"""

from __future__ import annotations


class Joiner:
    r"""
    Pass pieces of text on, holding back half a character until its other half comes.

    Examples
    --------
    >>> joiner = Joiner()
    >>> joiner.add("a\ud83d"), joiner.add("\udc69"), joiner.rest()
    ('a', '👩', '')
    """

    def __init__(self) -> None:
        self._held = ""

    def add(self, text: str) -> str:
        """Return what can be shown by now."""
        if not self._held and text.isascii():
            return text
        text = self._held + text
        self._held = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return mend(text)

    def rest(self) -> str:
        """Return what never found its other half, as a replacement character."""
        held, self._held = self._held, ""
        return mend(held)


def mend(text: str) -> str:
    """Join halves that stand side by side; replace those that stand alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
