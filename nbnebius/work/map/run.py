"""
Asking what is left of a job, many at once, until all is asked or something ends it.

Each row goes: a place in the purse, a turn at the gate, its intent on disk, the request, the raw
answer queued for the disk (then the next one may leave), and, once it is on disk, its reading.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

from nbnebius.client.doubt import is_doubtful
from nbnebius.errors import (
    AuthenticationError,
    BudgetReached,
    JournalError,
    NebiusError,
    NotFoundError,
    OptionError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
)
from nbnebius.events import Claimed, Intent
from nbnebius.journal import SLICE, find_answers, no_price, own_key, reached, too_small
from nbnebius.work.map.answers import one_line, outcome
from nbnebius.work.map.bills import Bills
from nbnebius.work.map.book import Found
from nbnebius.work.map.form import PATH
from nbnebius.work.map.gate import Closed, Gate, Turn
from nbnebius.work.map.job import bill_late

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbnebius.client import AsyncClient
    from nbnebius.journal import Journal
    from nbnebius.work.map.job import RowsJob
    from nbnebius.work.map.outlook import Outlook

DRAIN = 60.0  # seconds that paid answers have to land after a stop
LOOK = 0.02  # seconds between looks at whether they have
TELL = 0.1  # seconds between two tellings
AGAIN = 0.5  # seconds between looks at what another kernel is asking
SAME_AT_START = 5  # identical failures before anything else came: it is not the rows
LOST_IN_A_ROW = 100  # the server went away in the middle
FATAL = (
    AuthenticationError,
    JournalError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
)


class Runner:
    """
    One run of a job.

    Parameters
    ----------
    job
        The job; its book is filled.
    client, journal
        Whom it asks; who keeps the answers.
    outlook
        What a request is expected to take.
    """

    def __init__(
        self, job: RowsJob, client: AsyncClient, journal: Journal, outlook: Outlook
    ) -> None:
        self._job = job
        self._client = client
        self._journal = journal
        self._gate = Gate(job.concurrency)
        self._ratio = outlook.characters_per_token
        self._answer_tokens = outlook.answer_tokens
        self._answered = self._measured = 0
        self._settled, self._stopped = anyio.Event(), anyio.Event()
        self._same: tuple[str, int] = ("", 0)
        self._later: list[tuple[int, str]] = []
        self._bills = Bills(journal, self.stop)
        self._told_at, self._waits_for_others = 0.0, 0

    async def run(self) -> None:
        """Ask all that is open; `RowsJob.ended_by` says what ended it earlier."""
        self.tell()
        items: Iterator[tuple[int, str]] = self._job.open_rows()
        while self._job.ended_by is None:
            await self._pass(items)
            if not self._later or self._job.ended_by is not None:
                break
            # Another kernel was asking these: look whether their answers have come.
            waiting, self._later = self._later, []
            left = await self._still_open(waiting)
            self._waits_for_others = len(left)
            if len(left) == len(waiting):
                self.tell()
                await anyio.sleep(AGAIN)
            items = iter(left)
        await self._bills.written()
        self.tell()

    async def _pass(self, items: Iterator[tuple[int, str]]) -> None:
        async with anyio.create_task_group() as both:
            both.start_soon(self._drain, both.cancel_scope)
            async with anyio.create_task_group() as workers:
                # More than may be in flight: some wait for their answer's commit meanwhile.
                for _ in range(min(2 * self._job.concurrency, self._job.book.open)):
                    workers.start_soon(self._work, items)
            both.cancel_scope.cancel()

    async def _drain(self, scope: anyio.CancelScope) -> None:
        """After a stop, wait for what is paid to land, and cancel what does not."""
        await self._stopped.wait()
        until = anyio.current_time() + DRAIN
        while not self._gate.is_idle and anyio.current_time() < until:
            await anyio.sleep(LOOK)
            self.tell()
        scope.cancel()

    def stop(self, error: NebiusError) -> None:
        """Let nothing out any more; what is on its way may land."""
        if self._job.ended_by is None:
            self._job.ended_by = error
            self._gate.close()
            self._stopped.set()
            self._wake()

    def tell(self) -> None:
        """Say how far it is."""
        self._told_at = time.monotonic()
        counts = self._job.book.counts
        state = ""
        if self._job.ended_by is not None and self._gate.on_the_way:
            count = self._gate.on_the_way
            state = f"stopping: {count} paid answer{'' if count == 1 else 's'} on the way"
        elif self._waits_for_others:
            state = f"waiting for another kernel, which asks {self._waits_for_others:,} of these"
        self._job.observer(counts.progress(self._job.book.requests, state))

    async def _work(self, items: Iterator[tuple[int, str]]) -> None:
        for number, text in items:
            try:
                while not await self._ask(number, text):
                    pass
            except Closed:
                return
            except NebiusError as error:  # of the purses' ledger, not of the row
                self.stop(error)
            if self._job.ended_by is not None:
                return
            if len(self._later) >= SLICE:
                # Most of them have come meanwhile: prompts must not gather in memory.
                waiting, self._later = self._later, []
                self._later += await self._still_open(waiting)

    async def _ask(self, number: int, text: str) -> bool:
        """Ask one; False: another took the budget's room meanwhile, so it was not sent."""
        job, purse = self._job, self._job.purse
        bound = job.form.bound(text)
        await self._afford(bound)
        hold = purse.reserve(bound) if purse else None
        found, turn = None, Turn(self._gate, self._ends_all)
        try:
            found = await self._buy(number, text, bound, turn)
        except BudgetReached:
            return False
        except Claimed:
            self._later.append((number, text))
        except NebiusError as error:
            found = self._failed(error)
        except anyio.get_cancelled_exc_class():
            if turn.last_is_doubtful:
                found = Found("possibly_paid", error="cancelled while it was on its way")
            raise
        finally:
            turn.end(served=found is not None and found.answered)
            again = turn.doubtful + (found is None and turn.last_is_doubtful)
            doubt = again * (bound or 0.0)
            job.book.counts.resent += again
            if found is not None:
                if found.status == "possibly_paid":
                    doubt += bound or 0.0
                job.book.enter(number, found)
            job.book.counts.doubt += doubt
            if purse and hold:
                answered = found is not None and found.answered
                paid = found.cost if found is not None and answered else 0.0
                purse.settle(hold, paid)
                purse.spent += doubt
            self._wake()
            if time.monotonic() - self._told_at >= TELL:
                self.tell()
        return True

    async def _buy(self, number: int, text: str, bound: float | None, turn: Turn) -> Found:
        job, form = self._job, self._job.form
        data = form.data(text)
        characters = form.characters(text)
        intent = Intent(
            key=own_key() if job.origin.private else job.survey.key(number),
            kind="chat",
            service=form.service,
            model=form.model,
            cost_bound=bound,
            place=job.origin.place,
            private=job.origin.private,
            characters=characters,
            keeps_request=False,
            claim=None if job.origin.private else job.newest(number),
        )
        answer = await self._client.chat.create_encoded(
            data,
            model=form.model,
            intent=intent,
            tokens=characters / self._ratio + self._answer_tokens,
            flow=turn,
        )
        found = outcome(answer.body, answer.content_type, job.schema, form.price)
        self._answered += 1
        self._same = ("", 0)
        if found.usage is not None:
            self._learn(found.usage.completion_tokens)
        if answer.record is not None:
            self._bills.enter(answer.record, found)
        return found

    def _learn(self, tokens: int) -> None:
        """Expect the next answers to be as long as the last hundred or so."""
        self._measured += 1
        self._answer_tokens += (tokens - self._answer_tokens) / min(self._measured, 100)

    def _ends_all(self, error: NebiusError) -> bool:
        """End the job where all rows would fail likewise; tell whether nothing was paid here."""
        no_model = isinstance(error, NotFoundError) and error.model_missing
        if fatal := no_model or isinstance(error, FATAL):
            self.stop(error)
        return fatal and not is_doubtful(error)

    def _failed(self, error: NebiusError) -> Found | None:
        """Tell a row's failure from the job's, which leaves the row as it was: None."""
        if self._ends_all(error):
            return None
        found = Found("possibly_paid" if is_doubtful(error) else "failed", error=one_line(error))
        told = f"{type(error).__name__}: {found.error}"
        times = self._same[1] + 1 if self._same[0] == told else 1
        self._same = (told, times)
        at_start = times >= SAME_AT_START and not (self._answered or isinstance(error, OptionError))
        lost = isinstance(error, TransportError) and times >= LOST_IN_A_ROW
        if at_start or lost:
            self.stop(error)
        return found

    def _wake(self) -> None:
        """Have those look again who wait for money."""
        self._settled.set()
        self._settled = anyio.Event()

    async def _afford(self, bound: float | None) -> None:
        """Wait until the purses have room for a request; end the job where they never will."""
        while self._job.ended_by is None:
            purse = too_small((self._job.purse, *self._journal.purses), bound)
            if purse is None:
                return
            if bound is None:
                self.stop(no_price(purse))
            elif await purse.more(bound):
                continue
            elif not purse.may_fit_later(bound):
                self.stop(reached(purse, bound))
            else:
                # What is held may be another call's, which wakes nobody here.
                with anyio.move_on_after(AGAIN):
                    await self._settled.wait()
        raise Closed

    async def _still_open(self, waiting: list[tuple[int, str]]) -> list[tuple[int, str]]:
        """Enter what another kernel has bought meanwhile; give what has still to be asked."""
        job = self._job
        texts = {job.survey.key(number): (number, text) for number, text in waiting}
        keys = list(texts)
        for start in range(0, len(keys), SLICE):
            for row in await find_answers(self._journal, keys[start : start + SLICE]):
                number, text = texts[row.key]
                if row.record <= job.newest(number):
                    continue
                found = outcome(row.body, row.content_type, job.schema, job.form.price)
                bill_late(self._journal, row, found)
                job.book.enter(number, found, cached=True)
                if (tape := self._client.transport.tape) is not None:
                    tape.keep(PATH, job.form.data(text), row.content_type, row.body)
                del texts[row.key]
        self.tell()
        return list(texts.values())
