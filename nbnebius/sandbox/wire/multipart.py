"""Multipart forms, read piece by piece: a form of any length in a little memory."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

_MOST_PARTS = 100
_LONGEST_HEAD = 16 * 1024
_LONGEST_PADDING = 100
_LONGEST_BOUNDARY = 200
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)')
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)


class MultipartError(ValueError):
    """The bytes are no multipart form."""


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a part: the field's name and, for a file, the name it claims to have."""

    name: str
    filename: str | None = None


def boundary_of(content_type: str) -> bytes:
    """
    Give the boundary that a Content-Type names.

    Raises
    ------
    MultipartError
        It names none, or one that is too long.
    """
    found = _BOUNDARY.search(content_type)
    boundary = (found[1] or found[2]) if found else ""
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise MultipartError("Missing boundary in multipart.")
    return boundary.encode("latin-1")


class MultipartReader:
    """
    Reads a form from pieces of any size.

    What comes out does not depend on how the form was cut. Of a part that is still open, no more
    than the length of a boundary is held back.

    Parameters
    ----------
    boundary
        What stands between two parts.
    """

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        # The first boundary has no line before it; with one, all boundaries look alike.
        self._buffer = bytearray(b"\r\n")
        self._state: Literal["content", "boundary", "head", "end"] = "content"
        self._inside = False
        self._parts = 0

    @property
    def complete(self) -> bool:
        """Tell whether the last boundary has been read."""
        return self._state == "end"

    def feed(self, data: bytes) -> list[Part | bytes]:
        """
        Read on.

        Returns
        -------
        list
            A `Part` for each one that begins, and the bytes that belong to the latest.

        Raises
        ------
        MultipartError
            This is no form.
        """
        self._buffer += data
        found: list[Part | bytes] = []
        while self._step(found):
            pass
        return found

    def _step(self, found: list[Part | bytes]) -> bool:
        """Read one thing; tell whether there may be another."""
        if self._state == "content":
            return self._read_content(found)
        if self._state == "boundary":
            return self._read_boundary()
        if self._state == "head":
            return self._read_head(found)
        self._buffer.clear()  # what follows the last boundary means nothing
        return False

    def _read_content(self, found: list[Part | bytes]) -> bool:
        place = self._buffer.find(self._delimiter)
        ends = place >= 0
        size = place if ends else max(0, len(self._buffer) - len(self._delimiter) + 1)
        if size and self._inside:
            found.append(bytes(self._buffer[:size]))
        del self._buffer[: size + len(self._delimiter) if ends else size]
        if ends:
            self._state = "boundary"
        return ends

    def _read_boundary(self) -> bool:
        if self._buffer.startswith(b"--"):
            self._state, self._inside = "end", False
            return True
        place = self._buffer.find(b"\r\n")
        if place < 0 and len(self._buffer) <= _LONGEST_PADDING + 1:
            return False
        if not 0 <= place <= _LONGEST_PADDING or self._buffer[:place].strip(b" \t"):
            raise MultipartError("Something stands behind a boundary.")
        # The end of the line stays: a head without a single line then ends like all others.
        del self._buffer[:place]
        self._state = "head"
        return True

    def _read_head(self, found: list[Part | bytes]) -> bool:
        place = self._buffer.find(b"\r\n\r\n")
        # Three bytes may be the beginning of the head's end.
        if (place if place >= 0 else len(self._buffer) - 3) > _LONGEST_HEAD:
            raise MultipartError("The head of a part is too long.")
        if place < 0:
            return False
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise MultipartError("Too many parts.")
        found.append(_read_part(self._buffer[:place].decode("utf-8", "replace")))
        del self._buffer[: place + 4]
        self._state, self._inside = "content", True
        return True


def _read_part(head: str) -> Part:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return _read_disposition(value)
    raise MultipartError("A part has no Content-Disposition.")


def _read_disposition(value: str) -> Part:
    fields = {key.lower(): _plain(text) for key, text in _PARAMETER.findall(value)}
    if "name" not in fields:
        raise MultipartError("A part has no name.")
    filename = fields.get("filename")
    coded = fields.get("filename*", "")
    if coded.lower().startswith("utf-8'"):
        filename = unquote(coded.split("'", 2)[-1])
    return Part(fields["name"], filename)


def _plain(text: str) -> str:
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    return text
