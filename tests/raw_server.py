"""
A server that sends exactly the bytes it is told to, cut and delayed and broken off as it is told.

::

    async with RawServer([json_answer({"a": 1}), Play(b"HTTP/1.1 2", reset=True)]) as server:
        ...ask server.url...
    assert server.requests[0].path == "/v1/models"

Plays are used in turn, the last one again and again. Requests are recorded as they were read.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Self


@dataclass(frozen=True)
class Play:
    """
    One answer.

    Attributes
    ----------
    data
        The bytes, or several pieces that are sent one by one.
    pause
        Seconds between pieces.
    reset
        Break the connection off with RST after the last piece.
    close
        Close the connection after the last piece; else it is kept for the next request.
    hold
        After the last piece, keep the connection open and silent until the client goes away.
    read
        Read the request first; False breaks off before that.
    """

    data: bytes | Sequence[bytes] = b""
    pause: float = 0.0
    reset: bool = False
    close: bool = False
    hold: bool = False
    read: bool = True

    def pieces(self) -> Iterable[bytes]:
        return [self.data] if isinstance(self.data, bytes) else self.data


@dataclass(frozen=True)
class Seen:
    """A request as the server read it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    raw: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class RawServer:
    """Serve `plays` in turn on a free port of 127.0.0.1."""

    plays: Sequence[Play] = ()
    on_request: Callable[[Seen], None] | None = None
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task] = field(default_factory=set)
    _next: int = 0

    @property
    def port(self) -> int:
        return self._server.sockets[0].getsockname()[1]

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1/"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader, writer) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        try:
            while await self._serve(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.gone.set()
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader, writer, number: int) -> bool:
        """Serve one request; return whether the connection may serve another."""
        play = self._play()
        if not play.read:
            _break(writer)
            return False
        seen = await _read(reader, number)
        if seen is None:
            return False
        play = self._play()
        self._next += 1
        self.requests.append(seen)
        if self.on_request is not None:
            self.on_request(seen)
        for place, piece in enumerate(play.pieces()):
            if place and play.pause:
                await asyncio.sleep(play.pause)
            writer.write(piece)
            await writer.drain()
            if place or play.pause:
                await asyncio.sleep(0)
        if play.hold:
            await reader.read()
        if play.reset:
            await asyncio.sleep(0.02)  # a reset overtakes bytes that were not read yet
            _break(writer)
            return False
        return not (play.close or play.hold)

    def _play(self) -> Play:
        return self.plays[min(self._next, len(self.plays) - 1)]


def _break(writer) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read(reader, number: int) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = dict(
        line.lower().split(": ", 1)[:1] + line.split(": ", 1)[1:] for line in lines if line
    )
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, target, headers, body, number, head + body)


def answer(
    body: bytes, status: int = 200, content_type: str = "application/json", **headers: str
) -> bytes:
    """Return a whole HTTP answer; header names are written with ``_`` for ``-``."""
    lines = [
        f"HTTP/1.1 {status} X",
        f"content-type: {content_type}",
        f"content-length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_answer(value: Any, status: int = 200, **headers: str) -> Play:
    """Play a JSON answer."""
    return Play(answer(json.dumps(value).encode(), status, **headers))


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def chunk(data: bytes) -> bytes:
    """Return one piece of a chunked body; of nothing, the body's end."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(value: Any) -> bytes:
    """Return one server-sent event."""
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def stream(*events: bytes, end: bool = True, **play: Any) -> Play:
    """Play a stream of events, one piece each; `end` closes the body properly."""
    pieces = [STREAM_HEAD, *(chunk(one) for one in events if one)]
    return Play([*pieces, chunk(b"")] if end else pieces, **play)


def delta(text: str, finish_reason: str | None = None, **more: Any) -> bytes:
    """Return a chat chunk with a piece of text."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish_reason, **more}
    return event({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})


DONE = b"data: [DONE]\n\n"
