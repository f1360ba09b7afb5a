"""
An answer painted while it grows.

Pieces may be added as fast as they come; painting happens in `tick`, on the thread that calls it,
as often as `Repaint` allows.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from nbnebius.rendering.answer import answer_bundle, reasoning_title
from nbnebius.rendering.growing import GrowingText
from nbnebius.rendering.repaint import Repaint
from nbnebius.rendering.safe import as_written, escape, plain, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Painter", "StreamView", "TerminalView", "growing_html"]

_REASONING_SHOWN: Final = 400
# Who sees the page sees the HTML; until the end the plain text need not travel as a whole.
_PLAIN_SHOWN: Final = 1_000


class Painter(Protocol):
    """Shows bundles in one place: the first call displays, later calls replace it."""

    def show(self, bundle: dict[str, str], metadata: dict[str, Any]) -> None:
        """Show a bundle instead of the one before it."""


class StreamView:
    """
    An answer growing in a page.

    Parameters
    ----------
    painter
        Where it is shown.
    clock
        Seconds that only go forward.
    interval
        The least time between two repaints, in seconds.
    verbatim
        Show the text as it comes, not as Markdown.
    """

    def __init__(
        self,
        painter: Painter,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = 0.1,
        verbatim: bool = False,
    ) -> None:
        self._painter = painter
        self._repaint = Repaint(clock, interval)
        self._verbatim = verbatim
        self._answer = GrowingText()
        self._reasoning = GrowingText()
        self._changed = False
        self._final: dict[str, str] | None = None

    @property
    def text(self) -> str:
        """The answer so far, as it came."""
        return self._answer.text

    @property
    def reasoning(self) -> str:
        """The reasoning so far, as it came."""
        return self._reasoning.text

    def add(self, text: str) -> None:
        """Take in a piece of the answer; `tick` shows it."""
        if text:
            self._answer.add(text)
            self._changed = True

    def add_reasoning(self, text: str) -> None:
        """Take in a piece of the reasoning; `tick` shows it."""
        if text:
            self._reasoning.add(text)
            self._changed = True

    def tick(self) -> None:
        """Repaint, if there is something new and it is time."""
        if self._changed and self._final is None and self._repaint.is_due():
            self._repaint.paint(self._paint)

    def _paint(self) -> int:
        bundle = {
            "text/html": growing_html(self._answer, self._reasoning, verbatim=self._verbatim),
            "text/plain": _end(self._answer.shown, _PLAIN_SHOWN),
        }
        self._painter.show(bundle, {})
        self._changed = False
        return len(bundle["text/html"])

    def finish(
        self, footer: str, note: str = "", metadata: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """
        Paint the final answer, once; calling it again changes nothing.

        Parameters
        ----------
        footer, note
            As for `answer_bundle`.
        metadata
            For the output itself: what should not show up in a diff of the text.

        Returns
        -------
        dict
            What `answer_bundle` makes of the whole text.
        """
        if self._final is None:
            self._final = answer_bundle(
                self.text, reasoning=self.reasoning or None, footer=footer, note=note
            )
            self._painter.show(dict(self._final), dict(metadata or {}))
        return self._final


def growing_html(answer: GrowingText, reasoning: GrowingText, *, verbatim: bool = False) -> str:
    """Draw an answer that still grows, below what is told of its reasoning."""
    thinking = _thinking_html(reasoning.shown, begun=bool(answer))
    if not answer:
        return thinking
    return thinking + (as_written(answer.shown) if verbatim else wrap(answer.body_html()))


def _thinking_html(reasoning: str, *, begun: bool) -> str:
    """Show the end of the reasoning while it is all there is, later only its length."""
    if not reasoning:
        return ""
    title = f"<div>{reasoning_title(reasoning)}</div>"
    end = ""
    if not begun:
        shown = escape(_end(reasoning, _REASONING_SHOWN))
        end = f'<div style="white-space:pre-wrap;font-size:0.9em">{shown}</div>'
    return f'<div style="opacity:.65">{title}{end}</div>'


def _end(text: str, most: int) -> str:
    """Give the end of a text."""
    return text if len(text) <= most else f"…{text[-most:].lstrip()}"


class TerminalView:
    """
    An answer growing in a terminal: plain text, written as it comes.

    Parameters
    ----------
    write
        Takes a piece of text and shows it at once.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._answer = GrowingText()
        self._reasoning = GrowingText()
        self._pending: list[str] = []
        self._begun = False
        self._final: dict[str, str] | None = None

    @property
    def text(self) -> str:
        """The answer so far, as it came."""
        return self._answer.text

    @property
    def reasoning(self) -> str:
        """The reasoning so far, as it came."""
        return self._reasoning.text

    def add(self, text: str) -> None:
        """Take in a piece of the answer; `tick` writes it."""
        if text:
            self._pending.append(self._answer.add(text))

    def add_reasoning(self, text: str) -> None:
        """Take in a piece of the reasoning, of which only the length is told."""
        if text:
            self._reasoning.add(text)

    def tick(self) -> None:
        """Write what is new."""
        new = "".join(self._pending)
        self._pending.clear()
        if not new or self._final is not None:
            return
        if not self._begun:
            self._begun = True
            self._write(self._folded())
        self._write(new)

    def finish(
        self,
        footer: str,
        note: str = "",
        metadata: Mapping[str, Any] | None = None,  # noqa: ARG002 - a terminal keeps none
    ) -> dict[str, str]:
        """Write the rest, a line break, the note and the footer; the final bundle comes back."""
        if self._final is not None:
            return self._final
        self.tick()
        if not self._begun:
            self._write(self._folded())
        elif not self._answer.shown.endswith("\n"):
            self._write("\n")
        for line in (f"[{note}]" if note else "", footer):
            if line:
                self._write(plain(line) + "\n")
        self._final = answer_bundle(
            self.text, reasoning=self.reasoning or None, footer=footer, note=note
        )
        return self._final

    def _folded(self) -> str:
        """Tell of the reasoning in one line."""
        if not self._reasoning:
            return ""
        return f"({reasoning_title(self._reasoning.text).replace(' (', ': ').lower()}\n"
