"""
Taking an HTTP/1.1 answer apart, without a socket.

Source: RFC 9112 (message syntax and framing), whose section 6.3 says how long a body is. What is
allowed there but never sent by an honest server (folded headers, two lengths) is refused.
"""

from __future__ import annotations

import re

HEAD_CAP = 128 * 1024
"""Bytes of an answer's head that are read; of a chunked body's trailers too."""

_SIZE_LINE_CAP = 4096
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n\x00]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(rb"[\x00\r\n]")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_LENGTH = re.compile(r"\d{1,15}")

WITHOUT_BODY = (204, 304)
SWITCHED = 101


class NoHTTP(ValueError):  # noqa: N818 - it never leaves the transport
    """What came is no answer in HTTP/1.1."""


class Framing:
    """
    Reads one answer from the bytes of a connection, in whatever pieces they come.

    Attributes
    ----------
    status
        The status code; 0 before the head has come.
    headers
        Names in lower case; those that come twice are joined by a comma.
    waiting
        Bytes of the body that have come and were not taken yet.
    is_whole
        The answer has ended as it should.
    keeps
        The connection may serve again after it; only of use once `is_whole`.
    """

    __slots__ = (
        *("_body", "_chunked", "_left", "_pending"),
        *("headers", "is_whole", "keeps", "status", "waiting"),
    )

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.waiting = 0
        self.is_whole = False
        self.keeps = True
        self._body: list[bytes] = []  # as it came: what is large is not copied on its way
        self._pending = bytearray()
        self._chunked: _Chunks | None = None
        self._left: int | None = None  # of a body whose length was told

    def feed(self, data: bytes) -> None:
        """
        Take the next bytes.

        Raises
        ------
        NoHTTP
            They cannot be an answer's.
        """
        if self.status == 0:
            self._pending += data
            if not self._take_head():
                return
            data, self._pending = bytes(self._pending), bytearray()
        if data:
            self._take_body(data)

    def end(self) -> None:
        """
        Hear that nothing more will come.

        A body without a told length ends so; anything else was cut off, and is not whole.
        """
        if self.status and not self.is_whole and self._left is None and self._chunked is None:
            self.is_whole = True

    def take(self) -> bytes:
        """Give what has come of the body since the last time."""
        part = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body, self.waiting = [], 0
        return part

    def _take_head(self) -> bool:
        while True:
            end = self._pending.find(b"\r\n\r\n")
            if end < 0:
                if len(self._pending) > HEAD_CAP:
                    raise NoHTTP("its head is too long")
                if not b"HTTP/1.".startswith(bytes(self._pending[:7])):
                    raise NoHTTP("it does not begin as HTTP/1.1 does")
                return False
            if end > HEAD_CAP:
                raise NoHTTP("its head is too long")
            head = bytes(self._pending[:end])
            del self._pending[: end + 4]
            first, *lines = head.split(b"\r\n")
            found = _STATUS.fullmatch(first)
            if found is None:
                raise NoHTTP("it does not begin as HTTP/1.1 does")
            status = int(found[2])
            if status == SWITCHED:
                raise NoHTTP("it speaks another protocol from here on")
            if status < 200:  # noqa: PLR2004 - news of an answer that is still to come
                continue
            self.status = status
            self.headers = _headers(lines)
            self._frame(is_old=found[1] == b"0")
            return True

    def _frame(self, *, is_old: bool) -> None:
        """Find out how long the body is."""
        headers = self.headers
        options = {word.strip().lower() for word in headers.get("connection", "").split(",")}
        self.keeps = "close" not in options and (not is_old or "keep-alive" in options)
        if self.status in WITHOUT_BODY:
            self.is_whole = True
            return
        coding = headers.get("transfer-encoding")
        length = headers.get("content-length")
        if coding is not None:
            if coding.strip().lower() != "chunked":
                raise NoHTTP("its body is encoded in a way that was not asked for")
            if length is not None:  # somebody between us may have read it by the other one
                self.keeps = False
            self._chunked = _Chunks()
        elif length is not None:
            told = {part.strip() for part in length.split(",")}
            if len(told) != 1 or not _LENGTH.fullmatch(only := told.pop()):
                raise NoHTTP("its length is not a number")
            self._left = int(only)
            self.is_whole = self._left == 0
        else:
            self.keeps = False

    def _take_body(self, data: bytes) -> None:
        if self.is_whole:
            self.keeps = False  # it says more than it was asked
        elif self._chunked is not None:
            body = bytearray()
            rest = self._chunked.feed(data, body)
            self._add(bytes(body))
            if rest is not None:
                self.is_whole = True
                self.keeps = self.keeps and not rest
        elif self._left is None:
            self._add(data)
        elif len(data) < self._left:
            self._add(data)
            self._left -= len(data)
        else:
            self.is_whole = True
            self.keeps = self.keeps and len(data) == self._left
            self._add(data[: self._left])
            self._left = 0

    def _add(self, data: bytes) -> None:
        if data:
            self._body.append(data)
            self.waiting += len(data)


class _Chunks:
    """Takes a chunked body apart."""

    __slots__ = ("_in_trailers", "_left", "_pending")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._left = 0  # of the chunk that is being read, its line's end included
        self._in_trailers = False

    def feed(self, data: bytes, body: bytearray) -> bytes | None:
        """Add to `body` what `data` holds of it; at its end, give what comes after it."""
        pending = self._pending
        pending += data
        at = 0
        while not self._in_trailers:
            if self._left:
                got = min(self._left, len(pending) - at)
                own = min(got, max(self._left - 2, 0))
                body += pending[at : at + own]
                at += own
                self._left -= own
                if self._left > 2 or len(pending) - at < self._left:  # noqa: PLR2004 - CR and LF
                    del pending[:at]
                    return None
                if pending[at : at + 2] != b"\r\n":
                    raise NoHTTP("a chunk of its body has another length than it says")
                at += 2
                self._left = 0
            end = pending.find(b"\r\n", at)
            if end < 0:
                del pending[:at]
                if len(pending) > _SIZE_LINE_CAP:
                    raise NoHTTP("a chunk of its body does not say how long it is")
                return None
            found = _SIZE.fullmatch(pending[at:end])
            if found is None or end - at > _SIZE_LINE_CAP:
                raise NoHTTP("a chunk of its body does not say how long it is")
            size = int(found[1], 16)
            at = end + 2
            if size:
                self._left = size + 2
            else:
                self._in_trailers = True
        del pending[:at]
        return self._skip_trailers()

    def _skip_trailers(self) -> bytes | None:
        """Read over headers that come after the body; nobody here asks for any."""
        pending = self._pending
        if pending.startswith(b"\r\n"):
            return bytes(pending[2:])
        end = pending.find(b"\r\n\r\n")
        if end < 0:
            if len(pending) > HEAD_CAP:
                raise NoHTTP("its trailers are too long")
            return None
        return bytes(pending[end + 4 :])


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or _BAD_VALUE.search(value):
            raise NoHTTP("its head holds a line that is no header")
        known = name.decode("ascii").lower()
        text = value.strip(b" \t").decode("latin-1")
        headers[known] = f"{headers[known]}, {text}" if known in headers else text
    return headers
