"""
An answer painted while it grows.

Pieces may be added as fast as they come; painting happens in `tick`, on the thread that calls it.
The first piece is painted at once. After that a repaint waits for 0.1 s, for five times what the
last one cost, and for the connection: every repaint sends the whole answer again, so a long one
is repainted less often.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from nbnebius.rendering.answer import answer_bundle, reasoning_title
from nbnebius.rendering.growing import GrowingText
from nbnebius.rendering.safe import escape, plain, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Painter", "StreamView", "TerminalView"]

_COST_FACTOR: Final = 5.0
_BYTES_PER_SECOND: Final = 200_000
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
    """

    def __init__(
        self,
        painter: Painter,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval: float = 0.1,
    ) -> None:
        self._painter = painter
        self._clock = clock
        self._interval = interval
        self._answer = GrowingText()
        self._reasoning = GrowingText()
        self._changed = False
        self._due = float("-inf")
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
        started = self._clock()
        if not self._changed or started < self._due or self._final is not None:
            return
        bundle = self._growing_bundle()
        self._painter.show(bundle, {})
        self._changed = False
        ended = self._clock()
        sending = len(bundle["text/html"]) / _BYTES_PER_SECOND
        self._due = max(
            started + self._interval, ended + _COST_FACTOR * (ended - started), ended + sending
        )

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

    def _growing_bundle(self) -> dict[str, str]:
        thinking = _thinking_html(self._reasoning.shown, begun=bool(self._answer))
        answer = wrap(self._answer.body_html()) if self._answer else ""
        return {
            "text/html": thinking + answer,
            "text/plain": _end(self._answer.shown, _PLAIN_SHOWN),
        }


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
