"""
One request on the wire, without a library between: for a server that is reached directly.

It stands beside `http.Exchange` and tells the same of how far a request has come. One request
costs a tenth of what it costs through httpx2, and a thousand in flight cost no more for each than
one does.
"""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from nbnebius.transport.broken import Broken, refused_certificate
from nbnebius.transport.headers import WRITTEN_DOWN
from nbnebius.transport.redact import hide_key, redact, shorten

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from nbnebius.transport.connection import Connection, Connections
    from nbnebius.transport.request import Timeouts
    from nbnebius.transport.retry import Phase
    from nbnebius.types.secret import Secret

_SAFE = "/%:@!$&'()*+,;=-._~"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NUMBER = re.compile(r"\[Errno (\d+)\]")


class DirectExchange:
    """
    One request and its answer; see `http.Exchange` for its attributes.

    Parameters
    ----------
    connections
        Of the server.
    head
        The request's first lines, without the key.
    body
        What follows them.
    secret
        The key, or None for a server that wants none.
    timeouts
        How long to wait.
    total
        Seconds for all of it.
    """

    def __init__(
        self,
        connections: Connections,
        head: str,
        body: bytes | AsyncIterator[bytes] | None,
        *,
        secret: Secret | None,
        timeouts: Timeouts,
        total: float,
    ) -> None:
        self._connections = connections
        self._head = head
        self._body = body
        self._secret = secret
        self._timeouts = timeouts
        self._until = asyncio.get_running_loop().time() + total
        self._connection: Connection | None = None
        self._is_sent = False
        self.phase: Phase = "connecting"
        self.reused = True
        self.status = 0
        self.headers: dict[str, str] = {}

    async def open(self) -> None:
        """Send the request; return when the answer's headers are here. Raises `Broken`."""
        broken = None
        try:
            broken = await self._open()
        except BaseException:
            self._drop()
            raise
        if broken is not None:
            self._drop()
            # raised from here, so that no frame of the traceback holds a header
            raise broken

    async def read(self, seconds: float) -> bytes:
        """Return the next bytes of the answer, b"" at its end. Raises `Broken`."""
        connection = self._connection
        if connection is None:
            return b""
        answer = connection.answer
        assert answer is not None, "opened before read"
        try:
            deadline = min(connection.loop.time() + seconds, self._until)
            while True:
                part = connection.take()
                if answer.is_whole:
                    self._connection = None
                    self._connections.give_back(connection)
                if part or answer.is_whole:
                    return part
                if connection.is_lost:
                    raise self._lost(connection)  # noqa: TRY301 - the connection goes, too
                if connection.loop.time() >= deadline:
                    raise _late("reading")  # noqa: TRY301 - likewise
                await connection.event(deadline)
        except BaseException:
            self._drop()
            raise

    async def rest(self, seconds: float) -> None:
        """Let what comes gather unread: waking for every few bytes costs more than reading them."""
        connection = self._connection
        if connection is None or connection.is_lost:
            return
        connection.leave()
        try:
            await asyncio.sleep(seconds)
        finally:
            connection.resume()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection to close."""
        return self._connection is not None

    async def close(self) -> None:
        """Close the connection of an answer that was not read to its end."""
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.drop()

    async def _open(self) -> Broken | None:
        connection = self._connections.take()
        if connection is None:
            self.reused = False
            try:
                connection = await self._connections.connect(self._until)
            except (OSError, ValueError) as error:
                return self._unreached(error)
        self._connection = connection
        answer = connection.begin()
        self.phase = "sending"
        try:
            broken = await self._send(connection)
        except OSError as error:
            broken = Broken("sending", self._words(error))
        if broken is not None:
            return broken
        if self._is_sent and connection.is_drained:
            self.phase = "waiting"
            deadline = min(connection.loop.time() + self._timeouts.first_byte, self._until)
            while not (answer.status or connection.is_lost):
                if connection.loop.time() >= deadline:
                    return _late(self.phase)
                await connection.event(deadline)
        if answer.status == 0:
            return self._lost(connection)
        self.phase = "reading"
        self.status, self.headers = answer.status, answer.headers
        for name in self.headers.keys() & WRITTEN_DOWN:
            self.headers[name] = hide_key(self.headers[name], self._secret)
        return None

    async def _send(self, connection: Connection) -> Broken | None:
        """Send it all; an answer that comes before is taken for one."""
        body, self._body = self._body, None
        if body is None or isinstance(body, bytes):
            self._begin(connection, body or b"")
            self._is_sent = True
            return await self._drain(connection)
        self._begin(connection)
        async for part in body:
            connection.write(part)
            if broken := await self._drain(connection):
                return broken
            if connection.is_lost or _has_answered(connection):
                return None
        self._is_sent = True
        return None

    def _begin(self, connection: Connection, body: bytes = b"") -> None:
        """Write the head, which no other frame holds with the key in it."""
        head, self._head = self._head, ""
        key = f"Authorization: Bearer {self._secret.reveal()}\r\n" if self._secret else ""
        connection.write(f"{head}{key}\r\n".encode("latin-1") + body)

    async def _drain(self, connection: Connection) -> Broken | None:
        """Wait until the system has taken all that was written."""
        deadline = 0.0
        while not (connection.is_drained or connection.is_lost or _has_answered(connection)):
            now = connection.loop.time()
            deadline = deadline or min(now + self._timeouts.write, self._until)
            if now >= deadline:
                return _late("sending")
            await connection.event(deadline)
        return None

    def _lost(self, connection: Connection) -> Broken:
        error = connection.why
        words = self._words(error) if error else "the server closed the connection"
        return Broken(self.phase, words)

    def _unreached(self, error: Exception) -> Broken:
        timed_out = isinstance(error, TimeoutError)
        words = "no connection in time" if timed_out else self._words(error)
        certificate = refused_certificate(error)
        return Broken("connecting", words, timed_out=timed_out, certificate=certificate)

    def _words(self, error: Exception) -> str:
        words = str(error) or type(error).__name__
        if number := _NUMBER.search(words):  # asyncio's own words name addresses and sockets
            words = os.strerror(int(number[1]))
        return shorten(redact(words, self._secret), 200)


def _has_answered(connection: Connection) -> bool:
    return connection.answer is not None and connection.answer.status != 0


def _late(phase: Phase) -> Broken:
    return Broken(phase, "nothing came in time", timed_out=True)


def head_of(
    method: str,
    url: str,
    netloc: str,
    headers: Mapping[str, str],
    params: Mapping[str, str | int | bool | None],
    length: int | None,
) -> str:
    """
    Write a request's first lines, without the key and the empty line.

    Raises
    ------
    ValueError
        A header cannot be sent.
    """
    parts = urlsplit(url)
    query = urlencode(
        {name: str(v).lower() if isinstance(v, bool) else v for name, v in params.items()}
    )
    query = "&".join(filter(None, (quote(parts.query, safe=_SAFE + "?"), query)))
    target = (quote(parts.path, safe=_SAFE) or "/") + (f"?{query}" if query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {netloc}", "Connection: keep-alive"]
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or _BAD_VALUE.search(value):
            raise ValueError(f"the header {shorten(name, 40)!r} cannot be sent")
        lines.append(f"{name}: {value}")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines.append("")
    return "\r\n".join(lines)
