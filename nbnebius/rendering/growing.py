"""HTML of a text that still grows: finished blocks are rendered once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from nbnebius.rendering.safe import body_html, parser, plain

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["GrowingText"]

# Looking for finished blocks costs a parse of the tail, so it waits until the tail is worth it.
_LONG_TAIL: Final = 400


class GrowingText:
    """
    A text that comes in pieces, and its HTML so far.

    In Markdown a block at the top level is final as soon as the next one has begun, except that
    a link may be defined, or a formula closed, further down; the final bundle is made from the
    whole text anyway.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._held_back = ""
        self._tail = ""
        self._finished_html: list[str] = []
        self._finished_text: list[str] = []
        self._look_at = _LONG_TAIL

    def __bool__(self) -> bool:
        return bool(self._pieces)

    @property
    def text(self) -> str:
        """The whole text as it came."""
        return "".join(self._pieces)

    @property
    def shown(self) -> str:
        """The whole text as a terminal may show it."""
        return "".join(self._finished_text) + self._tail

    def add(self, text: str) -> str:
        """Take in a piece; what of it can be shown already comes back."""
        self._pieces.append(text)
        text = self._held_back + text
        # A line break of two characters may come in two pieces.
        self._held_back = "\r" if text.endswith("\r") else ""
        visible = plain(text.removesuffix(self._held_back))
        self._tail += visible
        return visible

    def body_html(self) -> str:
        """Render what has come so far, without the box around it."""
        if len(self._tail) >= self._look_at:
            self._finish_blocks()
        return "".join(self._finished_html) + body_html(self._tail)

    def _finish_blocks(self) -> None:
        """Render all blocks but the last for good."""
        end = _last_block(self._tail)
        if end:
            done, self._tail = self._tail[:end], self._tail[end:]
            self._finished_html.append(body_html(done))
            self._finished_text.append(done)
        # One endless block (a long list, a long program) is not searched at every repaint.
        self._look_at = max(_LONG_TAIL, 2 * len(self._tail))


def _last_block(text: str) -> int:
    """Find where the last block begins, counting whole lines only: half a line may be anything."""
    whole_lines = text[: text.rfind("\n") + 1]
    starts = [
        token.map[0]
        for token in _block_parser().parse(whole_lines)
        if token.level == 0 and token.map and token.nesting >= 0
    ]
    if not starts:
        return 0
    return sum(len(line) for line in whole_lines.split("\n")[: starts[-1]]) + starts[-1]


@cache
def _block_parser() -> MarkdownIt:
    """Build a parser that finds blocks and leaves what is in them alone."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable(["table"])
    made.core.ruler.enableOnly(["normalize", "block"])
    # The two must agree on what a block is.
    made.block = parser().block
    return made
