"""
Connections kept for the next request: the last one used is the first one taken.

It stands in the place of httpx2's own pool, which looks at every connection for every request, so
that a hundred in flight cost ten times what one does. The connections themselves are httpcore2's.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpcore2
import httpx2

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

    Origin = tuple[bytes, bytes, int | None]


class Pool(httpx2.AsyncBaseTransport):
    """
    Connections without a proxy between.

    Parameters
    ----------
    context
        For https.
    keepalive
        Seconds an idle connection is kept.
    """

    def __init__(self, context: ssl.SSLContext, keepalive: float) -> None:
        self._context = context
        self._keepalive = keepalive
        self._idle: dict[Origin, deque[tuple[httpcore2.AsyncHTTPConnection, float]]] = {}
        self._closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request on an idle connection, or on a new one."""
        url = request.url
        origin = (url.raw_scheme, url.raw_host, url.port)
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        asked = httpcore2.Request(
            request.method,
            target,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        connection = await self._take(origin, target)
        try:
            with _in_httpx2s_words():
                answer = await connection.handle_async_request(asked)
        except BaseException:
            await _close(connection)
            raise
        return httpx2.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(self, origin, connection, answer.stream),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        self._closed = True
        idle, self._idle = self._idle, {}
        for those in idle.values():
            for connection, _ in those:
                await _close(connection)

    async def give_back(self, origin: Origin, connection: httpcore2.AsyncHTTPConnection) -> None:
        """Keep a connection whose answer was read to its end; close any other."""
        if self._closed or not connection.is_idle():
            await _close(connection)
            return
        now = time.monotonic()
        idle = self._idle.setdefault(origin, deque())
        idle.append((connection, now))
        if now - idle[0][1] > self._keepalive:  # the one that has waited longest
            await _close(idle.popleft()[0])

    async def _take(self, origin: Origin, target: httpcore2.URL) -> httpcore2.AsyncHTTPConnection:
        idle = self._idle.get(origin, ())
        while idle:
            connection, _ = idle.pop()
            if not connection.has_expired():
                return connection
            await _close(connection)
        return httpcore2.AsyncHTTPConnection(
            target.origin, ssl_context=self._context, keepalive_expiry=self._keepalive
        )


class _Body(httpx2.AsyncByteStream):
    """An answer's body, which gives its connection back when it is closed."""

    def __init__(
        self, pool: Pool, origin: Origin, connection: httpcore2.AsyncHTTPConnection, stream: Any
    ) -> None:
        self._pool = pool
        self._origin = origin
        self._connection = connection
        self._stream = stream
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_httpx2s_words():
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        with anyio.CancelScope(shield=True):
            try:
                await self._stream.aclose()
            finally:
                await self._pool.give_back(self._origin, self._connection)


async def _close(connection: httpcore2.AsyncHTTPConnection) -> None:
    with anyio.CancelScope(shield=True):
        await connection.aclose()


@contextmanager
def _in_httpx2s_words() -> Iterator[None]:
    """Raise httpx2's error in place of httpcore2's of the same name."""
    try:
        yield
    except Exception as error:
        known = getattr(httpx2, type(error).__name__, None)
        if type(error).__module__.startswith("httpcore2") and known is not None:
            raise known(str(error)) from None
        raise
