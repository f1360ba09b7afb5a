"""
Prompt, model and seed inside an image file, written without decoding its pixels.

PNG takes text chunks; JPEG and WEBP take EXIF, whose user comment holds them as JSON. The image
itself stays as the server sent it, bit for bit.
"""

from __future__ import annotations

import json
import struct
import zlib
from io import BytesIO
from typing import Final

__all__ = ["read_details", "with_details"]

# An EXIF block in a JPEG holds less than 64 kB, and a character may need four bytes of them.
_LONGEST_VALUE: Final = 8_000
_EXIF_IFD: Final = 0x8769
_USER_COMMENT: Final = 0x9286
_SOFTWARE: Final = 0x0131
_UNDEFINED: Final = b"\0" * 8
_PNG_HEADER_END: Final = 33  # signature 8, then the IHDR chunk 25
_ALPHA_FLAG: Final = 0x10
_EXIF_FLAG: Final = 0x08


def with_details(data: bytes, form: str, details: dict[str, str]) -> bytes:
    """
    Put details into an image.

    Parameters
    ----------
    data
        The image; it must have been inspected.
    form
        ``png``, ``jpeg`` or ``webp``.
    details
        Short names and their values; each value is cut after 8,000 characters.
    """
    kept = {
        name: value.encode("utf-8", "replace").decode("utf-8")[:_LONGEST_VALUE]
        for name, value in details.items()
        if value
    }
    if not kept:
        return data
    write = {"png": _in_png, "jpeg": _in_jpeg, "webp": _in_webp}[form]
    return write(data, kept)


def read_details(data: bytes) -> dict[str, str]:
    """Read what `with_details` wrote; empty where there is nothing of it."""
    from PIL import Image

    with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
        if picture.format == "PNG":
            text = getattr(picture, "text", {})
            return {str(name): str(value) for name, value in text.items() if name != "Software"}
        comment = picture.getexif().get_ifd(_EXIF_IFD).get(_USER_COMMENT, b"")
    try:
        found = json.loads(comment[len(_UNDEFINED) :])
    except (ValueError, TypeError):
        return {}
    return {str(name): str(value) for name, value in found.items()}


def _in_png(data: bytes, details: dict[str, str]) -> bytes:
    """Add one text chunk for each detail, right after the header."""
    chunks = [
        _png_chunk(b"iTXt", name.encode("latin-1") + b"\0\0\0\0\0" + value.encode())
        for name, value in {**details, "Software": "nbnebius"}.items()
    ]
    return data[:_PNG_HEADER_END] + b"".join(chunks) + data[_PNG_HEADER_END:]


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _exif(details: dict[str, str]) -> bytes:
    """Write an EXIF block with the details as JSON in its user comment."""
    from PIL import Image

    block = Image.Exif()
    block[_SOFTWARE] = "nbnebius"
    comment = _UNDEFINED + json.dumps(details, ensure_ascii=False).encode()
    block.get_ifd(_EXIF_IFD)[_USER_COMMENT] = comment
    return block.tobytes().removeprefix(b"Exif\0\0")


def _in_jpeg(data: bytes, details: dict[str, str]) -> bytes:
    """Put an EXIF segment behind JPEG's and JFIF's own, in place of one that is there."""
    head, at = [data[:2]], 2
    while data[at : at + 1] == b"\xff" and 0xE0 <= data[at + 1] <= 0xEF:  # noqa: PLR2004
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if not data[at + 4 : end].startswith(b"Exif\0\0"):
            head.append(data[at:end])
        at = end
    body = b"Exif\0\0" + _exif(details)
    # JFIF wants to be the first segment of all.
    place = 2 if len(head) > 1 and head[1][1] == 0xE0 else 1  # noqa: PLR2004
    head.insert(place, b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    return b"".join(head) + data[at:]


def _in_webp(data: bytes, details: dict[str, str]) -> bytes:
    """Add an EXIF chunk, and the extended header that a WEBP with metadata needs."""
    from nbnebius.rendering.inspection import inspect_image

    chunks = [(kind, body) for kind, body in _webp_chunks(data) if kind != b"EXIF"]
    if chunks and chunks[0][0] == b"VP8X":
        header = bytearray(chunks.pop(0)[1])
    else:
        shape = inspect_image(data)
        header = bytearray(4)
        header += (shape.width - 1).to_bytes(3, "little")
        header += (shape.height - 1).to_bytes(3, "little")
        if chunks and chunks[0][0] == b"VP8L":
            # Whether a lossless picture is transparent is one bit of its own header.
            header[0] |= _ALPHA_FLAG if chunks[0][1][4] & 0x10 else 0
    header[0] |= _EXIF_FLAG
    everything = [(b"VP8X", bytes(header)), *chunks, (b"EXIF", _exif(details))]
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(piece)) + piece + b"\0" * (len(piece) % 2)
        for kind, piece in everything
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Take a WEBP file apart."""
    found, at = [], 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found
