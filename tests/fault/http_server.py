"""
HTTP/1.1 as far as a test server needs it, on a bare asyncio protocol: fast, and nothing hidden.

Requests carry a ``content-length``; connections are kept. What to answer is the handler's, which
may also cut the connection.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its method, its target with the query, its body, and headers in lower case."""

    method: str
    target: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class Connection(asyncio.Protocol):
    """
    One client's connection.

    Parameters
    ----------
    handle
        Called with this connection and every request; it answers now or later.
    """

    def __init__(self, handle: Callable[[Connection, Asked], None]) -> None:
        self._handle = handle
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def port(self) -> int:
        """The client's own port: it tells its connections apart."""
        return 0 if self._transport is None else self._transport.get_extra_info("peername")[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (asked := self._take()) is not None:
            self._handle(self, asked)

    def _take(self) -> Asked | None:
        """Take one whole request off the buffer; None where it has not come yet."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, _, rest = bytes(self._buffer[:end]).partition(b"\r\n")
        headers = {}
        for line in rest.split(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        if len(self._buffer) < end + 4 + length:
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        method, target, _ = first.decode("latin-1").split(" ", 2)
        return Asked(method, target, body, headers)

    def answer(
        self,
        value: Any,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        most: int | None = None,
    ) -> None:
        """Send JSON, or bytes, unless the client is gone; cut it off after `most` bytes."""
        if self._transport is None:
            return
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        more = "".join(f"{name}: {text}\r\n" for name, text in (headers or {}).items())
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{more}\r\n"
        )
        self._transport.write(head.encode("latin-1") + body[:most])
        if most is not None:
            self._transport.close()

    def begin_stream(self) -> None:
        """Send the head of a stream of events."""
        if self._transport is not None:
            head = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\n"
            self._transport.write(head + b"transfer-encoding: chunked\r\n\r\n")

    def piece(self, data: bytes) -> None:
        """Send a piece of a stream; an empty one ends it."""
        if self._transport is not None:
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def send(self, raw: bytes, *, close: bool = False) -> None:
        """Send bytes as they are, unless the client is gone; `close` ends the connection then."""
        if self._transport is not None:
            self._transport.write(raw)
            if close:
                self._transport.close()

    def cut(self) -> None:
        """Break the connection off with a reset."""
        if self._transport is not None:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()


async def listen(handle: Callable[[Connection, Asked], None], port: int = 0) -> tuple[Any, int]:
    """Serve on 127.0.0.1; give the server and its port (0 takes a free one)."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(handle), "127.0.0.1", port, backlog=1024)
    return server, server.sockets[0].getsockname()[1]


async def serve(handle: Callable[[Connection, Asked], None], port: int = 0) -> None:
    """Serve on 127.0.0.1 until SIGTERM; prints the API's address once it accepts connections."""
    server, port = await listen(handle, port)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print(f"http://127.0.0.1:{port}/v1/", flush=True)
    await ended.wait()
    server.close()
