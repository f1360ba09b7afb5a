"""Bytes that are passed through as they come, until nobody listens any more."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from starlette.types import Receive, Scope, Send

from nbnebius.sandbox.keeping.ledger import Entry
from nbnebius.sandbox.wire.sse import gone


class ByteStream:
    """
    An answer whose bytes come from a generator.

    The generator is closed before the answer ends, however it ends: what it holds open is not
    left to chance.

    Parameters
    ----------
    pieces
        The bytes.
    entry
        The line of the request log that follows this answer.
    status, headers
        How the answer begins.
    length
        How many bytes there are, where that is known.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        entry: Entry,
        status: int,
        headers: Mapping[str, str],
        length: int | None = None,
    ) -> None:
        self._pieces = pieces
        self._entry = entry
        self._status = status
        self._headers = headers
        self._length = length

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream as an ASGI application."""
        raw = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in self._items()]
        left = asyncio.create_task(gone(receive))
        try:
            await send({"type": "http.response.start", "status": self._status, "headers": raw})
            if await self._send_pieces(send, left):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                self._entry.cancelled = True
        finally:
            left.cancel()
            await self._pieces.aclose()

    def _items(self) -> list[tuple[str, str]]:
        length = [] if self._length is None else [("content-length", str(self._length))]
        return [*self._headers.items(), *length]

    async def _send_pieces(self, send: Send, left: asyncio.Task[None]) -> bool:
        """Send all pieces; tell whether somebody listened to the end."""
        sent = 0
        while sent != self._length:
            step = asyncio.create_task(self._next())
            await asyncio.wait({left, step}, return_when=asyncio.FIRST_COMPLETED)
            if left.done():
                step.cancel()
                await asyncio.wait({step})
                return False
            piece = step.result()
            if piece is None:
                return True
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            sent += len(piece)
        return True

    async def _next(self) -> bytes | None:
        return await anext(self._pieces, None)
