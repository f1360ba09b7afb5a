"""Bodies as they lie in the journal: compressed where it pays, never unpacked without a limit."""

from __future__ import annotations

import zlib

LARGEST = 512 * 2**20  # bytes; the transport reads no larger answer


PLAIN = b"\0"  # no compressed body begins so; a checksum of four bytes follows
SHORT = 1024  # bytes; below, setting a compressor up costs more than it saves


def pack(data: bytes) -> bytes:
    """Compress a body, quickly; short ones, and vectors, which hardly shrink, are left as is."""
    if len(data) > SHORT and b'"embedding"' not in data[:1000]:
        return zlib.compress(data, 1)
    return PLAIN + zlib.crc32(data).to_bytes(4) + data


def unpack(data: bytes) -> bytes | None:
    """Give a body back, or None where it is damaged or larger than any answer can be."""
    if data[:1] == PLAIN:
        checksum, body = data[1:5], data[5:]
        return body if zlib.crc32(body).to_bytes(4) == checksum else None
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(data, LARGEST)
    except zlib.error:
        return None
    return body if unpacker.eof else None
