"""Bytes into lines, as they come, in flat memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_LINE = 64 * 2**20
"""Bytes; of a longer line only the beginning is kept."""

HEAD = 4096
"""Bytes of a line that is too long."""


class Line(NamedTuple):
    """
    A line.

    Attributes
    ----------
    number
        Its place, from 1.
    content
        Its bytes without the line break; of one that is too long, the beginning.
    whole
        Whether that is all of it.
    """

    number: int
    content: bytes
    whole: bool


class LineSplitter:
    r"""
    Split bytes into lines; any cut into blocks gives the same lines.

    Parameters
    ----------
    longest_line
        Bytes of a line that are kept.

    Examples
    --------
    >>> splitter = LineSplitter()
    >>> [line.content for block in (b"1\ntw", b"o\n", b"three") for line in splitter.feed(block)]
    [b'1', b'two']
    >>> [line.content for line in splitter.flush()]
    [b'three']
    """

    def __init__(self, longest_line: int = LONGEST_LINE) -> None:
        self._longest = longest_line
        self._part = bytearray()  # of the unfinished line
        self._held = 0
        self._number = 0

    def feed(self, block: bytes) -> Iterator[Line]:
        """Take bytes in; give the lines they complete. It must be read to its end."""
        begin, end = 0, block.find(b"\n")
        while end >= 0:
            if self._held or end - begin > self._longest:
                self._hold(block[begin:end])
                yield self._line()
            else:
                self._number += 1
                yield Line(self._number, block[begin:end], whole=True)
            begin, end = end + 1, block.find(b"\n", end + 1)
        if begin < len(block):
            self._hold(block[begin:])

    @property
    def begun(self) -> bool:
        """Whether a line is here in part."""
        return self._held > 0

    def skip(self, lines: int) -> None:
        """Count whole lines that were read otherwise; none may have begun."""
        self._number += lines

    def flush(self) -> Iterator[Line]:
        """Give the last line of bytes that do not end with a line break."""
        if self._held:
            yield self._line()

    def _hold(self, piece: bytes) -> None:
        self._held += len(piece)
        if self._held <= self._longest:
            self._part += piece
        else:
            del self._part[HEAD:]
            self._part += piece[: HEAD - len(self._part)]

    def _line(self) -> Line:
        self._number += 1
        line = Line(self._number, bytes(self._part), self._held <= self._longest)
        self._part.clear()
        self._held = 0
        return line
