"""Reading a stream of frames: deltas as they come, and the whole answer at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from nbnebius.client.accumulate import Accumulator
from nbnebius.client.decode import error_in, frame_of
from nbnebius.errors import NebiusError, ResponseError, StreamError, TransportError
from nbnebius.transport.answers import said

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

    from nbnebius.events import ReasoningDelta, TextDelta
    from nbnebius.transport import Request, Transport
    from nbnebius.transport.streaming import EventStream


class AnswerStream:
    """
    An answer as it comes: iterate for `TextDelta` and `ReasoningDelta`.

    Attributes
    ----------
    first_token_seconds
        From asking to the first piece of text or reasoning; None before it.
    seconds
        From asking to now, or to the end.
    """

    def __init__(
        self, events: EventStream, transport: Transport, request: Request, began: float
    ) -> None:
        self._events = events
        self._transport = transport
        self._about = transport.about(request)
        self._began = began
        self._frames = Accumulator()
        self._waiting: list[TextDelta | ReasoningDelta] = []
        self._ended = False
        self.first_token_seconds: float | None = None
        self.seconds = 0.0

    @property
    def record(self) -> int | None:
        """The recorder's number of the attempt."""
        return self._events.record

    @property
    def request_id(self) -> str | None:
        """What the server's support asks for."""
        return self._events.request_id

    @property
    def attempts(self) -> int:
        """How many requests the server may have seen."""
        return self._events.attempts

    @property
    def body(self) -> bytes:
        """The raw bytes so far."""
        return self._events.body

    @property
    def text(self) -> str:
        """The first choice's text so far, without its reasoning."""
        return self._frames.text

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TextDelta | ReasoningDelta:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            await self._read()
        return self._waiting.pop(0)

    async def _read(self) -> None:
        """Read one frame, or find the end."""
        from nbnebius.transport.faults import unreadable

        failed: NebiusError | None = None
        try:
            data = await anext(self._events)
        except StopAsyncIteration:
            self._end()
            if not self._frames.empty:
                return
            failed = unreadable("the stream holds no answer", self.body, "", self._about)
        except (StreamError, ResponseError, TransportError) as error:
            failed = error
        else:
            await self._take(data)
            return
        if not self._ended:
            self._end()
        if isinstance(failed, StreamError):
            failed.partial = self.text
        raise failed

    def _end(self) -> None:
        self._ended = True
        self._waiting += self._frames.rest()
        self._measure()

    def _measure(self) -> None:
        self.seconds = self._transport.clock() - self._began
        if self.first_token_seconds is None and self._waiting:
            self.first_token_seconds = self.seconds

    async def _take(self, data: str) -> None:
        try:
            frame = frame_of(data, self._about)
        except ResponseError as error:
            await self._refuse(error)
        wrong = error_in(frame)
        if wrong is not None:
            await self._refuse(self._error(wrong))
        self._waiting += self._frames.add(frame)
        self._events.began = self._events.began or bool(frame.choices)
        self._events.complete = self._frames.finished
        self._measure()

    async def _refuse(self, error: NebiusError) -> None:
        """End the stream because a frame is an error or nonsense; keep what came before."""
        await self._events.refuse(error.what)
        self._end()
        if not self._events.began:
            raise error from None
        raise StreamError(
            "the stream broke off",
            why=error.why or error.what,
            hint="What had come is kept; asking again pays again.",
            partial=self.text,
        ) from None

    def _error(self, wrong: Any) -> NebiusError:
        import msgspec

        from nbnebius.transport.faults import api_error

        it_says = said(wrong)
        code = it_says.code or ""
        status = int(code) if code.isascii() and code.isdigit() and 400 <= int(code) < 600 else 500  # noqa: PLR2004
        body = msgspec.json.encode({"error": wrong}, enc_hook=str)
        return api_error(status, {}, body, self._about, self.attempts)


S = TypeVar("S", bound=AnswerStream)


class StreamContext(Generic[S]):
    """The context in which a stream is open; leaving it early stops the answer and keeps it."""

    def __init__(self, transport: Transport, request: Request, kind: type[S]) -> None:
        self._transport = transport
        self._request = request
        self._kind = kind
        self._streaming = transport.stream(request)

    async def __aenter__(self) -> S:
        began = self._transport.clock()
        events = await self._streaming.__aenter__()
        return self._kind(events, self._transport, self._request, began)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._streaming.__aexit__(kind, error, trace)
