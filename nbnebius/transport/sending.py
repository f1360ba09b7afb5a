"""
Sending a request until it is answered or not worth another try.

Order, for every attempt: wait for the pace, commit the intent, send, read all of the answer,
commit the answer, and only then let anyone look at it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from nbnebius import errors
from nbnebius.transport.about import about_request
from nbnebius.transport.address import read_address
from nbnebius.transport.answers import looks_whole, read_error, what_is_wrong
from nbnebius.transport.attempt import Attempt
from nbnebius.transport.broken import Broken
from nbnebius.transport.headers import RateLimits, read_rate_limits
from nbnebius.transport.redact import hide_key_in
from nbnebius.transport.request import Request, Stream, Timeouts
from nbnebius.transport.retry import Failure, Rules, Tally, count, decide
from nbnebius.transport.trial import TooLarge, Trial, answer_of, collect
from nbnebius.transport.turns import Turns
from nbnebius.transport.wire import Wire
from nbnebius.types.secret import is_sendable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from nbnebius.events import Observer, Outcome, Recorder
    from nbnebius.transport.about import About
    from nbnebius.transport.direct import DirectExchange
    from nbnebius.transport.http import Exchange
    from nbnebius.transport.request import Answer
    from nbnebius.transport.streaming import Streaming
    from nbnebius.transport.tape import Recording, Replaying
    from nbnebius.transport.tape.replaying import ReplayedExchange
    from nbnebius.types.secret import Secret

ERROR_CAP = 2**20
"""Bytes of an error's body that are read."""


class Transport:
    """
    Sends requests to one server.

    Parameters
    ----------
    base_url
        Where paths hang off.
    secret
        The key, or None for a server that wants none.
    timeouts
        How long to wait.
    max_retries
        Most repetitions of one request; 0 for none. Waiting after 429 is bounded by time instead.
    recorder
        Writes down what is sent and what came back.
    observer
        Is told of pauses.
    sleep, jitter, clock
        For tests: how to pause, a random number in [0, 1), seconds of a monotonic clock.

    Attributes
    ----------
    tape
        Where answers are recorded now; None for nowhere.
    replay
        The recording that answers in the server's place; None where the server is asked.
    scope
        Which server it is on a recording, "" for the session's own.
    """

    def __init__(
        self,
        base_url: str,
        secret: Secret | None,
        *,
        timeouts: Timeouts | None = None,
        max_retries: int = 8,
        recorder: Recorder | None = None,
        observer: Observer | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if secret and not is_sendable(secret):
            raise errors.SettingsError(
                "the key holds characters that no key has",
                why="A header takes printable ASCII without spaces.",
                hint="Copy it again, and run %nebius login.",
            )
        self.address = read_address(base_url)
        self.timeouts = timeouts or Timeouts()
        self.recorder = recorder
        self.observer = observer
        self.rate_limits: RateLimits | None = None
        self._secret = secret
        self.max_retries = max_retries
        self.sleep = sleep
        self._jitter = jitter or _chance
        self.clock = clock
        self._turns = Turns(self)
        self._wire = Wire(self.timeouts, secret)
        self.tape: Recording | None = None
        self.replay: Replaying | None = None
        self.scope = ""

    def __repr__(self) -> str:
        return f"Transport({self.address.base!r})"

    def share_limits(self, share: float) -> None:
        """Use only this part, above 0 to 1, of what the server allows: others use its key."""
        self._turns.share_limits(share)

    async def send(self, request: Request) -> Answer:
        """
        Send a request and return the whole answer, after it was committed.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that is none.
        """
        began = self.clock()
        attempt, body = await self._until_answered(request, whole=True)
        await attempt.end("done", body)
        return answer_of(attempt, body, self.clock() - began)

    def stream(self, request: Request) -> Streaming:
        """Return an async context manager that gives the data of an answer's events."""
        from nbnebius.transport.streaming import Streaming

        return Streaming(self, request)

    async def open_stream(self, request: Request) -> Attempt:
        """Send until an answer begins that says yes. The caller ends the attempt."""
        attempt, _ = await self._until_answered(request, whole=False)
        return attempt

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    def share_recording(self, other: Transport, scope: str) -> None:
        """Record into, or answer from, what another transport uses, as a server of its own."""
        self.tape, self.replay, self.scope = other.tape, other.replay, scope

    def unkeyed(
        self, url: str, headers: Mapping[str, str], extensions: Mapping[str, str]
    ) -> Exchange:
        """Return an exchange with an address that must not get the key."""
        return self._wire.unkeyed(url, headers, extensions)

    def about(self, request: Request) -> About:
        """Return what errors about this request may tell, and must not."""
        return about_request(request, self.address.root, self._secret)

    async def _until_answered(self, request: Request, *, whole: bool) -> tuple[Attempt, bytes]:
        if self.tape is not None:
            self.tape.check()
        tally, number = Tally(), 0
        doubt, connects = request.resend_in_doubt, request.connects
        rules = Rules(request.paid, self.max_retries, doubt, connects, request.once)
        while True:
            number += 1
            await self._turns.wait(request, number)
            exchange = self._exchange(request)
            attempt = Attempt(request, number, self.recorder, exchange, self._answered)
            try:
                await self._begin(attempt)
                trial = await self._try(attempt, whole=whole)
            except BaseException:
                await attempt.abandon()
                raise
            if trial.failure is None or trial.error is None:
                return attempt, trial.body
            decision = decide(trial.failure, tally, rules, self._jitter)
            if decision.action == "stop" and request.flow is not None:
                # before the next one leaves in its place, which would fail likewise
                request.flow.failed(trial.error)
            self._turns.refused(request, trial.failure, decision)
            await attempt.end(decision.state, trial.body, trial.error.what)
            if decision.action == "stop":
                raise trial.error
            count(tally, trial.failure, decision)
            await self._turns.pause(request, trial.failure, decision, number)

    async def _begin(self, attempt: Attempt) -> None:
        try:
            await attempt.begin()
            if attempt.request.flow is not None:
                attempt.request.flow.sent()
        except BaseException:
            self._turns.unsent(attempt.request)
            raise

    async def _try(self, attempt: Attempt, *, whole: bool) -> Trial:
        """Send once; of a success that is to be streamed, read nothing yet."""
        request, exchange = attempt.request, attempt.exchange
        parts: list[bytes] = []
        try:
            try:
                await exchange.open()
            finally:
                self._turns.landed(request)
            if (limits := read_rate_limits(exchange.headers)) is not None:
                self.rate_limits = limits
                self._turns.learn(request, limits)
            says_yes = 200 <= exchange.status < 300  # noqa: PLR2004 - success
            if whole or not says_yes:
                cap = request.cap if says_yes else ERROR_CAP
                await collect(exchange, parts, cap, self.timeouts.idle)
        except Broken as broken:
            if exchange.status >= 300:  # noqa: PLR2004 - the status says enough
                return self._refused(attempt, b"".join(parts))
            return self._broken(attempt, broken, b"".join(parts))
        except TooLarge:
            error = errors.ResponseError(f"the answer is larger than {request.cap:,} bytes")
            return Trial(b"".join(parts), Failure("reading", "too large"), error)
        body = b"".join(parts)
        if not says_yes:
            return self._refused(attempt, body)
        # a recorded answer was whole, though it may have come as a stream then
        if whole and request.paid and self.replay is None and not looks_whole(body):
            from nbnebius.transport.faults import unreadable

            content_type = exchange.headers.get("content-type", "")
            about = self.about(request)
            unread = unreadable(what_is_wrong(body), body, content_type, about)
            return Trial(body, Failure("reading", "no answer in it"), unread)
        return Trial(body)

    def _broken(self, attempt: Attempt, broken: Broken, body: bytes) -> Trial:
        from nbnebius.transport.breaks import broken_error

        request = attempt.request
        failure = Failure(
            broken.phase,
            "no connection" if broken.phase == "connecting" else "no answer",
            certificate=broken.certificate,
            reused=attempt.exchange.reused and not broken.timed_out,
        )
        error = broken_error(broken, self.address.root, paid=request.paid, attempts=attempt.number)
        return Trial(body, failure, error)

    def _refused(self, attempt: Attempt, body: bytes) -> Trial:
        # Nothing was paid for it, and a server that says no may repeat what it was sent.
        from nbnebius.transport.faults import api_error

        body = hide_key_in(body, self._secret)
        status, headers = attempt.exchange.status, attempt.exchange.headers
        it_says = read_error(body, headers.get("content-type", ""))
        failure = Failure(
            "answered",
            "rate limit" if status == 429 else f"status {status}",  # noqa: PLR2004 - its name
            status=status,
            headers=headers,
            out_of_money=status == 402 or it_says.out_of_money,  # noqa: PLR2004 - its name
        )
        about = self.about(attempt.request)
        return Trial(body, failure, api_error(status, headers, body, about, attempt.number))

    async def _answered(self, request: Request, outcome: Outcome) -> None:
        if self.tape is not None:
            await self.tape.answered(request, outcome, self.scope)

    def _exchange(self, request: Request) -> Exchange | DirectExchange | ReplayedExchange:
        if self.replay is not None:
            from nbnebius.transport.tape.replaying import ReplayedExchange

            return ReplayedExchange(self.replay, request, self.scope)
        told = request.headers.items()
        headers = {name: value for name, value in told if name.lower() != "authorization"}
        if isinstance(request.body, Stream):
            headers["Content-Length"] = str(request.body.length)
        elif request.body is not None:
            headers.setdefault("Content-Type", "application/json")
        params = {name: value for name, value in request.params.items() if value is not None}
        return self._wire.exchange(
            request.method,
            self.address.url(request.path),
            headers=headers,
            body=request.content(),
            params=params,
            total=request.total,
        )


def _chance() -> float:
    import random

    return random.random()  # noqa: S311 - it spreads pauses
