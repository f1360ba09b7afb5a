"""One line of a terminal that is written over again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


class LiveLine:
    """
    A line that tells how far work is, and that leaves nothing behind.

    Parameters
    ----------
    stream
        Gives where it is written; asked each time, for streams are replaced.
    """

    def __init__(self, stream: Callable[[], TextIO]) -> None:
        self._stream = stream
        self._width = 0  # of the line that stands there, 0 for none

    def show(self, text: str) -> None:
        """Write `text` over what stands there, in one line of the terminal."""
        from nbnebius.rendering.safe import plain

        line = " ".join(plain(text).split())
        if self._stream().isatty():  # what is broken into two lines cannot be written over
            from shutil import get_terminal_size

            line = line[: get_terminal_size().columns - 1]
        self._write(f"\r{line}{self._blanks(line)}")
        self._width = len(line)

    def wipe(self) -> None:
        """Leave the line empty, for whatever is written next."""
        if self._width:
            self._write(f"\r{self._blanks('')}\r")
        self._width = 0

    def _blanks(self, line: str) -> str:
        return " " * max(0, self._width - len(line))

    def _write(self, text: str) -> None:
        stream = self._stream()
        stream.write(text)
        stream.flush()
