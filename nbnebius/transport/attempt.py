"""
One attempt, entered before it leaves and once more when it ends.

Both entries are shielded from cancellation: what was sent is never forgotten because somebody
pressed Stop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nbnebius.errors import JournalError
from nbnebius.events import Outcome
from nbnebius.transport.about import request_id
from nbnebius.transport.redact import printable, shorten
from nbnebius.transport.retry import Failure, Rules, Tally, decide
from nbnebius.transport.shield import finish, hear

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nbnebius.events import Recorder, State
    from nbnebius.transport.direct import DirectExchange
    from nbnebius.transport.http import Exchange
    from nbnebius.transport.request import Request
    from nbnebius.transport.tape.replaying import ReplayedExchange


class Attempt:
    """
    One attempt of one request.

    Parameters
    ----------
    request
        What is sent.
    number
        1 for the first.
    recorder
        Who writes it down; None for nobody.
    exchange
        The wire's side of it.
    answered
        Is told how it ended, after the recorder.
    """

    def __init__(
        self,
        request: Request,
        number: int,
        recorder: Recorder | None,
        exchange: Exchange | DirectExchange | ReplayedExchange,
        answered: Callable[[Request, Outcome], Awaitable[None]] | None = None,
    ) -> None:
        self.request = request
        self.number = number
        self.exchange = exchange
        self.record: int | None = None
        self.ended = False
        self.streamed = False
        self._recorder = recorder if request.intent is not None else None
        self._answered = answered

    async def begin(self) -> None:
        """
        Commit the intent: nothing may leave before this returns.

        Raises `Claimed` where somebody else has bought the same.
        """
        if self._recorder is not None:
            assert self.request.intent is not None, "there is no recorder without an intent"
            recording = asyncio.ensure_future(
                self._recorder.sending(self.request.intent, self.number)
            )
            try:
                self.record = await finish(recording)
            except asyncio.CancelledError:
                # it was committed all the same, and must be entered as never sent
                if not recording.cancelled() and recording.exception() is None:
                    self.record = recording.result()
                raise

    async def received(self, data: bytes) -> None:
        """Keep bytes of a stream that is still running."""
        if self._recorder is not None and self.record is not None and data:
            await self._recorder.received(self.record, data)

    async def end(
        self, state: State, body: bytes = b"", error: str = "", *, saved: bool = False
    ) -> None:
        """Commit how it ended, once, and let the connection go; `saved`: its body is in a file."""
        if self.ended:
            return
        self.ended = True
        outcome = self._outcome(state, body, error)
        try:
            if self.exchange.is_open:
                await finish(self.exchange.close())
        finally:
            committing = None
            if self._recorder is not None and self.record is not None:
                committing = asyncio.ensure_future(self._recorder.ended(self.record, outcome))
            # It is queued: whoever enters the next one queues behind it.
            if self.request.flow is not None:
                self.request.flow.released(doubtful=state == "possibly_paid")
            if committing is not None and self._goes_with_its_bill(state):
                committing.add_done_callback(hear)  # the bill behind it meets it, and raises
            elif committing is not None:
                try:
                    await finish(committing)
                except JournalError as unwritten:
                    unwritten.unkept = state != "failed"
                    raise
        if self._answered is not None and not saved:
            await finish(self._answered(self.request, outcome))

    async def abandon(self, body: bytes = b"") -> None:
        """Commit that it was cancelled: what the server did is known only as far as it had come."""
        exchange = self.exchange
        failure = Failure(exchange.phase, status=exchange.status or None, streamed=bool(body))
        state = decide(failure, Tally(), Rules(paid=self.request.paid), float).state
        if exchange.phase == "sending" and self.request.paid:
            # bytes have left, and nobody can tell any more whether they were all
            state = "possibly_paid"
        await self.end(state, body, "cancelled")

    def _goes_with_its_bill(self, state: State) -> bool:
        # No answer is kept of a private call: nothing of it can be lost before it is read. What it
        # cost is committed behind this, and waited for; the two share a commit.
        intent = self.request.intent
        return intent is not None and intent.private and state == "done"

    def _outcome(self, state: State, body: bytes, error: str) -> Outcome:
        headers = self.exchange.headers
        return Outcome(
            state=state,
            status=self.exchange.status or None,
            content_type=headers.get("content-type", "application/json"),
            body=body,
            request_id=request_id(headers),
            error=shorten(printable(error)),
        )
