"""Server-sent events at a steady pace that stop as soon as nobody listens."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import msgspec
from starlette.types import Receive, Scope, Send

from nbnebius.sandbox.keeping.ledger import Entry

Frame = tuple[int, object]


class EventStream:
    """
    An answer that is sent frame by frame.

    The frames come from a plain iterator; the waiting between them is done here, together with
    the listening for a client that goes away. So a stream ends within one step, whether the
    client leaves while a frame is written or between two of them.

    Parameters
    ----------
    frames
        Pairs of tokens carried and JSON to send. A frame without tokens is sent without waiting.
    entry
        The line of the request log that follows this answer.
    tokens_per_second
        The pace; 0 means without delay.
    headers
        Headers of the answer.
    on_end
        Told how many tokens were sent, however the stream ended.
    """

    def __init__(
        self,
        frames: Iterator[Frame],
        entry: Entry,
        tokens_per_second: float,
        headers: Mapping[str, str],
        on_end: Callable[[int], None],
    ) -> None:
        self._frames = frames
        self._entry = entry
        self._rate = tokens_per_second
        self._headers = headers
        self._on_end = on_end

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream as an ASGI application."""
        self._entry.stream = True
        headers = {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            **self._headers,
        }
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        left = asyncio.create_task(gone(receive))
        try:
            if await self._send_frames(send, left):
                await _send_data(send, b"[DONE]")
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                self._entry.cancelled = True
        finally:
            left.cancel()
            self._on_end(self._entry.tokens_sent)

    async def _send_frames(self, send: Send, left: asyncio.Task[None]) -> bool:
        """Send all frames; tell whether somebody listened to the end."""
        clock = asyncio.get_running_loop().time
        due = clock()
        for tokens, frame in self._frames:
            if tokens and self._rate > 0:
                due = max(due + tokens / self._rate, clock() - 1.0)
                await asyncio.wait({left}, timeout=max(due - clock(), 0.0))
            elif tokens:
                await asyncio.sleep(0)
            if left.done():
                return False
            await _send_data(send, msgspec.json.encode(frame))
            self._entry.tokens_sent += tokens
        return not left.done()


async def gone(receive: Receive) -> None:
    """Wait until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_data(send: Send, data: bytes) -> None:
    event = b"data: " + data + b"\n\n"
    await send({"type": "http.response.body", "body": event, "more_body": True})
