"""
Server-sent events, decoded as bytes arrive.

Any cut of the bytes gives the same events: inside a character, between CR and LF, within a line.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

LONGEST_LINE = 16 * 2**20
"""Bytes of one event. A longer one is an attack or a fault, and memory is finite."""

DONE = "[DONE]"
"""The data of the frame that ends a stream of the OpenAI API."""


class SSEDecoder:
    r"""
    Turn bytes into the data of events.

    Examples
    --------
    >>> decoder = SSEDecoder()
    >>> decoder.feed(b"data: a\n\nda"), decoder.feed(b"ta: b\n"), decoder.flush()
    (['a'], [], ['b'])
    """

    def __init__(self, longest_line: int = LONGEST_LINE) -> None:
        self._longest = longest_line
        self._pieces: list[bytes] = []  # of the unfinished line, joined once: O(n)
        self._held = 0
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> list[str]:
        """
        Take bytes in; return the data of every event they complete.

        Raises
        ------
        ValueError
            A line or an event is longer than the cap.
        """
        if self._after_cr and chunk:
            # the LF of a CR LF that was cut in two ends no second line
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if not chunk:
            return []
        self._after_cr = chunk.endswith(b"\r")
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, last = chunk.split(b"\n")
        events: list[str] = []
        for line in lines:
            self._hold(line)
            self._line(b"".join(self._pieces), events)
            self._pieces.clear()
            self._held = 0
        self._hold(last)
        return events

    def flush(self) -> list[str]:
        """Return the last event of a stream that ended without a blank line."""
        events: list[str] = []
        if self._pieces:
            self._line(b"".join(self._pieces), events)
            self._pieces.clear()
            self._held = 0
        self._line(b"", events)
        return events

    def _hold(self, part: bytes) -> None:
        if part:
            self._held += len(part)
            if self._held > self._longest:
                raise ValueError(f"an event longer than {self._longest} bytes")
            self._pieces.append(part)

    def _line(self, line: bytes, events: list[str]) -> None:
        if self._first:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._first = False
        if not line:
            if self._data:
                events.append(b"\n".join(self._data).decode("utf-8", "replace"))
                self._data.clear()
                self._size = 0
            return
        field, _, value = line.partition(b":")
        if field == b"data":  # comments have an empty field; event, id and retry say nothing to us
            value = value.removeprefix(b" ")
            self._size += len(value)
            if self._size > self._longest:
                raise ValueError(f"an event longer than {self._longest} bytes")
            self._data.append(value)
