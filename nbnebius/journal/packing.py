"""Bodies as they lie in the journal: compressed, and never unpacked without a limit."""

from __future__ import annotations

import zlib

LARGEST = 512 * 2**20  # bytes; the transport reads no larger answer


def pack(data: bytes) -> bytes:
    """Compress a body, quickly; vectors hardly shrink, and are only wrapped."""
    return zlib.compress(data, 0 if b'"embedding"' in data[:1000] else 1)


def unpack(data: bytes) -> bytes | None:
    """Give a body back, or None where it is damaged or larger than any answer can be."""
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(data, LARGEST)
    except zlib.error:
        return None
    return body if unpacker.eof else None
