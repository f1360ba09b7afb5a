"""
A file and its fields as one body, streamed: flat memory whatever its size.

Source: https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
import anyio.to_thread

from nbnebius.errors import NebiusError, OptionError
from nbnebius.transport.meter import Meter
from nbnebius.transport.request import Request, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from typing import BinaryIO

    from nbnebius.transport import Transport
    from nbnebius.transport.request import Params

Content: TypeAlias = "str | os.PathLike[str] | bytes | Iterable[bytes] | AsyncIterable[bytes]"

PIECE = 2**18
"""Bytes read and sent at once: more than 60 s for one of them is a connection that stands still."""

SPOOL = 8 * 2**20
"""Bytes an iterator may give before a cancellation is looked for."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is uploaded: bytes, or a file whose size is known and must stay."""

    name: str
    length: int
    data: bytes | Path

    async def pieces(self) -> AsyncIterator[bytes]:
        """
        Give it piece by piece, from its beginning.

        Raises
        ------
        OptionError
            The file was changed, or went away.
        """
        if isinstance(self.data, bytes):
            for at in range(0, self.length, PIECE):
                yield self.data[at : at + PIECE]
            return
        sent = 0
        file = await anyio.to_thread.run_sync(_open, self.data)
        try:
            while piece := await anyio.to_thread.run_sync(_read, file):
                sent += len(piece)
                if sent > self.length:
                    break
                yield piece
        finally:
            file.close()
        if sent != self.length:
            raise OptionError(
                f"{self.name} was changed while it was sent", hint="Upload it once it is written."
            )


@asynccontextmanager
async def prepare(content: Content, filename: str | None = None) -> AsyncIterator[Source]:
    """
    Make something ready to be sent more than once.

    Parameters
    ----------
    content
        A path, bytes, or an iterator of bytes. An iterator gives its bytes only once, so they are
        written to a temporary file first, in flat memory.
    filename
        The name on the server; the path's own if left out, else one that occurs only once.

    Raises
    ------
    OptionError
        There is no such file, or it cannot be read, or this is no content.
    """
    name = filename or f"upload-{secrets.token_hex(8)}.jsonl"
    if isinstance(content, bytes | bytearray | memoryview):
        data = bytes(content)
        yield Source(name, len(data), data)
    elif isinstance(content, str | os.PathLike):
        path = Path(content)
        yield Source(filename or path.name, _size(path), path)
    elif isinstance(content, Iterable | AsyncIterable):
        with tempfile.TemporaryDirectory(prefix="nbnebius-") as folder:
            path = Path(folder) / "upload"
            await _spool(content, path)
            yield Source(name, _size(path), path)
    else:
        raise OptionError(
            f"{type(content).__name__} cannot be uploaded",
            hint="Give a path, bytes, or an iterator of bytes.",
        )


def post_file(
    transport: Transport, path: str, fields: Mapping[str, str], source: Source, params: Params
) -> Request:
    """Return the request that uploads a file: free, and not to be repeated when in doubt."""
    mark = f"nbnebius-{secrets.token_hex(16)}"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{_quoted(value)}\r\n'
        for field, value in fields.items()
    ]
    kind = "application/jsonl" if source.name.endswith(".jsonl") else "application/octet-stream"
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{_quoted(source.name)}"\r\nContent-Type: {kind}\r\n\r\n'
    )
    head, tail = "".join(parts).encode(errors="replace"), f"\r\n--{mark}--\r\n".encode()

    async def body() -> AsyncIterator[bytes]:
        meter = Meter(transport.observer, source.length)
        yield head
        async for piece in source.pieces():
            yield piece
            meter.add(len(piece))
        yield tail

    async def told() -> AsyncIterator[bytes]:
        # neither the mark nor the file's name, which may be made up, tells uploads apart
        yield repr(sorted(fields.items())).encode(errors="replace")
        async for piece in source.pieces():
            yield piece

    return Request(
        "POST",
        path,
        params=params,
        body=Stream(body, len(head) + source.length + len(tail), told),
        headers={"Content-Type": f"multipart/form-data; boundary={mark}"},
        free=True,
        once=True,
        total=float("inf"),
    )


def _quoted(name: str) -> str:
    """Write a file's name as browsers do."""
    name = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    return "".join(letter for letter in name if letter.isprintable())


def _size(path: Path) -> int:
    try:
        if not path.is_file():
            raise OptionError(f"there is no file {path}")
        return path.stat().st_size
    except OSError as error:
        raise OptionError(f"{path} cannot be read", why=f"{error.strerror}.") from None


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise OptionError(f"{path} cannot be read", why=f"{error.strerror}.") from None


def _read(file: BinaryIO) -> bytes:
    try:
        return file.read(PIECE)
    except OSError as error:
        raise OptionError(f"{file.name} cannot be read", why=f"{error.strerror}.") from None


async def _spool(content: Iterable[Any] | AsyncIterable[Any], path: Path) -> None:
    try:
        with path.open("wb") as file:
            if isinstance(content, AsyncIterable):
                async for piece in content:
                    file.write(_checked(piece))
                return
            pieces = iter(content)
            while await anyio.to_thread.run_sync(_spool_some, pieces, file):
                pass
    except OSError as error:
        raise NebiusError(
            "there is no room for a temporary file", why=f"{error.strerror}."
        ) from None


def _spool_some(pieces: Iterator[Any], file: BinaryIO) -> bool:
    """Write some pieces; return whether there may be more."""
    written = 0
    for piece in pieces:
        written += file.write(_checked(piece))
        if written >= SPOOL:
            return True
    return False


def _checked(piece: object) -> bytes:
    if not isinstance(piece, bytes | bytearray | memoryview):
        raise OptionError(f"an upload is made of bytes, not of {type(piece).__name__}")
    return bytes(piece)
