"""
An answer that comes as a stream of events.

The reader of the events knows what they mean; it says so through `EventStream.complete`. This
module knows when the stream ended, and from both it tells a whole answer from a part of one.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from nbnebius import errors
from nbnebius.transport.about import request_id
from nbnebius.transport.breaks import broken_error
from nbnebius.transport.broken import Broken
from nbnebius.transport.faults import unreadable
from nbnebius.transport.request import STREAM_CAP
from nbnebius.transport.sse import DONE, SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from nbnebius.events import State
    from nbnebius.transport.about import About
    from nbnebius.transport.address import Address
    from nbnebius.transport.attempt import Attempt
    from nbnebius.transport.request import Request, Timeouts

FLUSH = 0.25
"""Seconds between two entries of a running stream into the record."""

TRICKLE = 4096
"""Bytes at a time below which an answer is left to gather, once it has run for a while."""

AT_ONCE = 1.0
"""Seconds from the first bytes in which each is read as it comes."""

GATHER, LONGEST = 0.05, 0.1
"""Seconds that a trickle gathers: it is read 20 times a second, as often as it is shown, and 10
times once it has run for ten seconds: a long text is not shown more often."""

DRAIN = 0.5
"""Seconds to wait for the connection's end of stream after the last event, to keep it open."""


class Sender(Protocol):
    """What a stream needs of the transport that opened it."""

    address: Address
    timeouts: Timeouts
    clock: Callable[[], float]

    def about(self, request: Request) -> About:
        """Return what errors about a request may tell."""

    async def open_stream(self, request: Request) -> Attempt:
        """Send until an answer begins that says yes."""


class Streaming:
    """The context in which a stream is open; leaving it ends the attempt and the connection."""

    def __init__(self, transport: Sender, request: Request) -> None:
        self._transport = transport
        self._request = request
        self._stream: EventStream | None = None

    async def __aenter__(self) -> EventStream:
        attempt = await self._transport.open_stream(self._request)
        self._stream = EventStream(self._transport, attempt)
        return self._stream

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._stream is not None, "entered before left"
        await self._stream.leave()


class EventStream:
    """
    The data of one answer's events, as they come.

    Attributes
    ----------
    complete
        Set by the reader when an event said that the answer is whole (``finish_reason``).
    began
        Set by the reader when an event carried a part of the answer.
    """

    def __init__(self, transport: Sender, attempt: Attempt) -> None:
        self.complete = False
        self.began = False
        self._transport = transport
        self._attempt = attempt
        self._decoder = SSEDecoder()
        self._waiting: deque[str] = deque()
        self._raw = bytearray()
        self._flushed = 0
        self._flushed_at = transport.clock()
        self._first = True
        self._events = 0
        self._at_end = False
        self._done = False
        timeouts = transport.timeouts
        self._deadline = transport.clock() + timeouts.first_byte
        self._began_at: float | None = None
        self._rest = 0.0  # seconds before the next bytes are read

    @property
    def record(self) -> int | None:
        """The recorder's number of the attempt."""
        return self._attempt.record

    @property
    def attempts(self) -> int:
        """How many requests the server may have seen."""
        return self._attempt.number

    @property
    def request_id(self) -> str | None:
        """What the server's support asks for."""
        return request_id(self._attempt.exchange.headers)

    @property
    def body(self) -> bytes:
        """All bytes so far."""
        return bytes(self._raw)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._waiting:
            if self._done or self._at_end:
                await self._finish()
                raise StopAsyncIteration
            await self._more()
        data = self._waiting.popleft()
        if data == DONE:
            self._done = True
            self._waiting.clear()
            await self._drain()
            await self._finish()
            raise StopAsyncIteration
        self._events += 1
        self._first = False
        self._deadline = self._transport.clock() + self._transport.timeouts.idle
        return data

    async def refuse(self, error: str) -> None:
        """End the attempt because an event said that the server failed."""
        await self._attempt.end(self._state_of_a_part(), self.body, error)

    async def leave(self) -> None:
        """End the attempt if it has not ended: the reader stopped, or was cancelled."""
        if self.complete:
            await self._attempt.end("done", self.body)
        elif self.began:
            await self._attempt.end("partial", self.body, "stopped")
        else:
            await self._attempt.end("possibly_paid", self.body, "stopped")

    async def _more(self) -> None:
        """Read the next bytes; keep them, and take them apart."""
        exchange, clock = self._attempt.exchange, self._transport.clock
        if self._rest:
            await exchange.rest(self._rest)
        try:
            part = await exchange.read(max(self._deadline - clock(), 0.0))
        except Broken as broken:
            await self._break(broken)
            return
        if not part:
            self._at_end = True
            self._waiting.extend(self._decoder.flush())
            self._take_plain_json()
            return
        if self._began_at is None:
            self._began_at = clock()
        running = clock() - self._began_at
        is_trickle = len(part) < TRICKLE and running > AT_ONCE
        self._rest = min(max(GATHER, running / 100), LONGEST) if is_trickle else 0.0
        self._raw += part
        if len(self._raw) > STREAM_CAP:
            await self._too_large(f"the stream is larger than {STREAM_CAP:,} bytes")
        try:
            self._waiting.extend(self._decoder.feed(part))
        except ValueError as error:
            await self._too_large(f"the stream holds {error}")
        await self._flush()

    async def _flush(self) -> None:
        now = self._transport.clock()
        if now - self._flushed_at >= FLUSH:
            await self._attempt.received(bytes(self._raw[self._flushed :]))
            self._flushed, self._flushed_at = len(self._raw), now

    def _take_plain_json(self) -> None:
        """Give a server's plain JSON answer, which some send although a stream was asked for."""
        if not self._events and not self._waiting and self._raw.lstrip()[:1] == b"{":
            self._waiting.append(self._raw.decode("utf-8", "replace"))

    async def _drain(self) -> None:
        """Read the connection's own end, so that it can serve again."""
        try:
            while not self._at_end and len(self._raw) < STREAM_CAP:
                part = await self._attempt.exchange.read(DRAIN)
                self._raw += part
                self._at_end = not part
        except Broken:
            self._at_end = True

    async def _finish(self) -> None:
        """Commit how a stream that ended by itself has ended."""
        if self._attempt.ended:
            return
        if not self._events:
            await self._attempt.end("possibly_paid", self.body, "empty stream")
            raise unreadable(
                "the server answered with an empty stream",
                self.body,
                self._attempt.exchange.headers.get("content-type", ""),
                self._transport.about(self._attempt.request),
                hint="Often the prompt is longer than the model's context: try a shorter one.",
            )
        if self.complete or self._done:
            await self._attempt.end("done", self.body)
            return
        await self._attempt.end(self._state_of_a_part(), self.body, "the stream ended too early")
        raise errors.StreamError(
            "the stream ended before the answer did",
            why="The server closed it without finish_reason or [DONE].",
            hint="What had come is kept; asking again pays again.",
        )

    async def _break(self, broken: Broken) -> None:
        if self.complete:
            # the text is whole; only the usage or the closing frame is missing
            self._at_end = self._done = True
            return
        reason = "no more events in time" if broken.timed_out else "the connection broke"
        await self._attempt.end(self._state_of_a_part(), self.body, reason)
        if not self._events:
            request = self._attempt.request
            address = self._transport.address.root
            raise broken_error(broken, address, paid=request.paid, attempts=self._attempt.number)
        raise errors.StreamError(
            "the stream broke off",
            why=f"{reason[0].upper()}{reason[1:]}.",
            hint="What had come is kept; asking again pays again.",
        )

    async def _too_large(self, what: str) -> None:
        await self._attempt.end(self._state_of_a_part(), self.body, what)
        raise errors.ResponseError(what)

    def _state_of_a_part(self) -> State:
        return "partial" if self.began else "possibly_paid"
