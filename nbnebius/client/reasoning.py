"""
Telling a model's answer from its reasoning.

Models put reasoning in four places: ``reasoning``, ``reasoning_content``, both (the same text), or
``<think>...</think>`` at the beginning of the content, sometimes never closed. And one does the
reverse: NVIDIA-Nemotron-3-Nano with ``reasoning_effort`` none puts its whole answer into
``reasoning`` and leaves the content empty; with ``finish_reason`` stop, that text is the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from nbnebius.types.chat import Message

OPEN, CLOSE = "<think>", "</think>"

Part: TypeAlias = tuple[Literal["text", "reasoning"], str]


def split_reasoning(message: Message, finish_reason: str | None = "stop") -> tuple[str, str | None]:
    """
    Return a message's text, and its reasoning or None.

    Parameters
    ----------
    message
        As the server sent it.
    finish_reason
        How its choice ended: only with ``stop`` can reasoning without any content be the answer.

    Examples
    --------
    >>> from nbnebius.types.chat import Message
    >>> split_reasoning(Message(content="<think>2 and 2</think>4"))
    ('4', '2 and 2')
    >>> split_reasoning(Message(content="", reasoning="4"))
    ('4', None)
    """
    apart = message.reasoning or message.reasoning_content or None
    content = message.content or ""
    if apart and not content.strip() and finish_reason == "stop" and not message.tool_calls:
        return apart, None
    splitter = ThinkSplitter()
    parts = [*splitter.add(content), *splitter.rest()]
    text = "".join(piece for kind, piece in parts if kind == "text")
    inline = "".join(piece for kind, piece in parts if kind == "reasoning").strip()
    if apart and inline:
        return text, apart if inline in apart else f"{apart}\n{inline}"
    return text, apart or inline or None


class ThinkSplitter:
    """
    Split ``<think>`` off while the content streams in.

    Any cut of the content gives the same text and the same reasoning. Only a tag at the very
    beginning counts: later ones are what the model talks about.
    """

    def __init__(self) -> None:
        self._state: Literal["start", "thinking", "after", "text"] = "start"
        self._held = ""

    def add(self, content: str) -> list[Part]:
        """Take a piece of content; return what can be told apart by now."""
        if self._state == "text":
            return [("text", content)] if content else []
        parts: list[Part] = []
        self._held += content
        if self._state == "start":
            self._start()
        if self._state == "thinking":
            self._think(parts)
        if self._state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "text"
        if self._state == "text" and self._held:
            parts.append(("text", self._held))
            self._held = ""
        return parts

    def rest(self) -> list[Part]:
        """Return what was held back when the content ended."""
        held, self._held = self._held, ""
        if not held or self._state == "after":
            return []
        return [("reasoning" if self._state == "thinking" else "text", held)]

    def _start(self) -> None:
        begun = self._held.lstrip()
        if begun.startswith(OPEN):
            self._state, self._held = "thinking", begun[len(OPEN) :]
        elif not OPEN.startswith(begun):
            self._state = "text"

    def _think(self, parts: list[Part]) -> None:
        before, closed, after = self._held.partition(CLOSE)
        if closed:
            if before:
                parts.append(("reasoning", before))
            self._state, self._held = "after", after
            return
        # a tag may be cut anywhere: hold back its possible beginning
        lengths = range(min(len(CLOSE) - 1, len(before)), 0, -1)
        keep = next((n for n in lengths if CLOSE.startswith(before[-n:])), 0)
        if len(before) > keep:
            parts.append(("reasoning", before[: len(before) - keep]))
        self._held = before[len(before) - keep :]
