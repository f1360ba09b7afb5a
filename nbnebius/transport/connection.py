"""Connections to a server: bytes out, one answer at a time in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from nbnebius.transport.framing import Framing, NoHTTP

if TYPE_CHECKING:
    import ssl

    from nbnebius.transport.request import Timeouts

EYEBALLS = 0.25
"""Seconds before the next of a name's addresses is tried beside the first (RFC 8305)."""

PROBES = {"TCP_KEEPIDLE": 45, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds until an idle connection is probed, seconds between probes, and how many may be lost."""

SMALL, LARGE = 16 * 1024, 256 * 1024
"""Bytes asked of the system at once: few, as most answers are short and a large block is costly to
have, and many once an answer has filled the small one."""

HIGH = 1024 * 1024
"""Bytes that may wait here for their reader; then the server has to wait."""


class Connection(asyncio.Protocol):
    """
    What asyncio tells of a socket, for one who waits for it.

    Attributes
    ----------
    loop
        Whose it is.
    answer
        The answer that is awaited or read; None between two requests.
    is_drained
        All that was written has been handed to the system.
    is_lost
        Nothing more comes.
    why
        What broke it, where something did.
    idle_since
        When it was last given back, in the loop's seconds.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answer: Framing | None = None
        self.is_drained = True
        self.is_lost = False
        self.why: Exception | None = None
        self.idle_since = 0.0
        self.loop = loop
        self._socket: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_paused = False

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._socket = cast("asyncio.Transport", transport)
        self._socket.set_write_buffer_limits(high=0)  # so that what is sent is known to be sent
        _stay_alive(transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        """Take bytes apart as they come."""
        answer = self.answer
        if answer is None:  # nobody asked
            self.drop()
            return
        if len(data) == SMALL:
            self._ask_for(LARGE)
        try:
            answer.feed(data)
        except NoHTTP as error:
            self.why = error
            self.drop()
        if answer.waiting > HIGH:
            self.pause()
        self._wake()

    def eof_received(self) -> None:
        """Hear that the server has said all; asyncio closes the socket."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that it is closed."""
        if self.why is None:
            self.why = exc
        self._end(broken=exc is not None)

    def pause_writing(self) -> None:
        """Hear that the system takes no more just now."""
        self.is_drained = False

    def resume_writing(self) -> None:
        """Hear that the system has taken all."""
        self.is_drained = True
        self._wake()

    # what an exchange calls

    def begin(self) -> Framing:
        """Make ready for the next answer."""
        self._ask_for(SMALL)
        self.answer = Framing()
        return self.answer

    def write(self, data: bytes) -> None:
        """Send bytes, at once where the system takes them."""
        assert self._socket is not None, "connected before written"
        self._socket.write(data)

    def take(self) -> bytes:
        """Give what has come of the answer's body, and let more come."""
        answer = self.answer
        if answer is None or not answer.waiting:
            return b""
        part = answer.take()
        self.resume()
        return part

    def leave(self) -> None:
        """
        Leave what comes with the system for a while.

        Not over TLS, where asyncio reads on, and throws away what it holds if the server resets.
        """
        if self._socket is not None and self._socket.get_extra_info("sslcontext") is None:
            self.pause()

    def pause(self) -> None:
        """Read no more; the server has to wait once the system holds no more."""
        if not self._is_paused and self._socket is not None and not self.is_lost:
            self._is_paused = True
            self._socket.pause_reading()

    def resume(self) -> None:
        """Take bytes apart again as they come."""
        if self._is_paused and self._socket is not None and not self.is_lost:
            self._is_paused = False
            self._socket.resume_reading()

    async def event(self, deadline: float) -> None:
        """Wait until something has happened, or until `deadline` in the loop's seconds."""
        waiter = self._waiter = self.loop.create_future()
        timer = self.loop.call_at(deadline, _resolve, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def finish(self) -> bool:
        """End an answer that was read to its end; tells whether the connection may serve again."""
        answer, self.answer = self.answer, None
        assert answer is not None, "begun before finished"
        return answer.keeps and self.is_drained and not self.is_lost

    def drop(self) -> None:
        """Close it at once."""
        self.is_lost = True
        if self._socket is not None:
            self._socket.abort()
        self._wake()

    def _ask_for(self, size: int) -> None:
        wire = self._socket
        if wire is not None and hasattr(wire, "max_size"):  # TLS has a block of its own
            wire.max_size = size

    def _end(self, *, broken: bool = False) -> None:
        self.is_lost = True
        if self.answer is not None and not broken and self.why is None:
            self.answer.end()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            _resolve(self._waiter)


def _stay_alive(wire: socket.socket | None) -> None:
    """Have the system probe an idle connection: a router then keeps it, and a dead one is told."""
    if wire is None:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in PROBES.items():
        if (option := getattr(socket, name, None)) is not None:  # not every system has all
            wire.setsockopt(socket.IPPROTO_TCP, option, value)


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Connections:
    """
    Connections to one server, kept for the next request: the last one used is the first one taken.

    Parameters
    ----------
    root
        Scheme, host and port.
    context
        For https; None for http.
    timeouts
        How long to wait for a connection.
    keepalive
        Seconds an idle one is kept.
    """

    def __init__(
        self, root: str, context: ssl.SSLContext | None, timeouts: Timeouts, keepalive: float
    ) -> None:
        parts = urlsplit(root)
        assert parts.hostname is not None, "an address has a host"
        self.netloc = parts.netloc
        self._host = parts.hostname
        self._port = parts.port or (80 if context is None else 443)
        self._context = context
        self._timeouts = timeouts
        self._keepalive = keepalive
        self._idle: deque[Connection] = deque()
        self._closed = False

    def take(self) -> Connection | None:
        """Give an idle connection that still stands; None where there is none."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._keepalive
        while self._idle:
            connection = self._idle.pop()
            is_ours = connection.loop is loop and not connection.is_lost
            if is_ours and connection.idle_since > oldest:
                return connection
            _drop(connection)
        return None

    async def connect(self, until: float) -> Connection:
        """
        Open a connection.

        Raises
        ------
        OSError
            There is none; a `TimeoutError` where that took too long, an `ssl.SSLError` where the
            server is not trusted.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout_at(min(until, loop.time() + self._timeouts.connect)):
            _, connection = await loop.create_connection(
                lambda: Connection(loop),
                self._host,
                self._port,
                ssl=self._context,
                server_hostname=self._host if self._context is not None else None,
                happy_eyeballs_delay=None if _is_literal(self._host) else EYEBALLS,
            )
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer was read to its end, where it may serve again."""
        if not connection.finish() or self._closed:
            connection.drop()
            return
        now = connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)
        if now - self._idle[0].idle_since > self._keepalive:  # the one that has waited longest
            _drop(self._idle.popleft())

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        self._closed = True
        while self._idle:
            _drop(self._idle.pop())


def _drop(connection: Connection) -> None:
    with contextlib.suppress(RuntimeError):  # its loop has ended, and its socket with it
        connection.drop()


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
