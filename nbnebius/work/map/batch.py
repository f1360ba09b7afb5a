"""
The same job by the Batch API: half the price, within a day, through any restart.

What is at the server already, whoever sent it, is found in the journal and waited for; what is in
no batch is sent; what has ended is brought into the journal, and read from there.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

from nbnebius.client.doubt import look_for
from nbnebius.errors import NebiusError, NotFoundError
from nbnebius.events import Note
from nbnebius.journal import (
    KeptJob,
    cost_of,
    find_job,
    give_up_job,
    hold_batch,
    jobs_of,
    put_away,
    release_batch,
    settle_batch,
    take_job,
    turn_job,
)
from nbnebius.work.map.batch_entries import enter_kept, enter_unanswered, slices
from nbnebius.work.map.batch_file import BatchRules
from nbnebius.work.map.batch_harvest import harvest
from nbnebius.work.map.batch_send import Sender
from nbnebius.work.map.batch_telling import Followed, how_far, tell_of_waiting
from nbnebius.work.map.batch_there import find_batch
from nbnebius.work.map.pledge import settle
from nbnebius.work.price import BATCH_RATE

if TYPE_CHECKING:
    from nbnebius.client import AsyncClient
    from nbnebius.journal import Journal
    from nbnebius.types.batches import Batch
    from nbnebius.work.map.job import RowsJob

AGAIN = 0.5  # seconds before another look at what somebody else is asking
FORGOTTEN = 48 * 3600.0  # seconds after which a batch that nobody knows will bring nothing


class BatchRunner:
    """
    One run of a job by batches.

    Parameters
    ----------
    job
        The job; its book is filled.
    client, journal
        Whom it asks, and who keeps the answers.
    name
        What people call it.
    project
        The project its batches belong to.
    rules
        How batches are made and waited for.
    """

    def __init__(
        self,
        job: RowsJob,
        client: AsyncClient,
        journal: Journal,
        *,
        name: str,
        project: str | None = None,
        rules: BatchRules | None = None,
    ) -> None:
        import numpy as np

        self._job = job
        self._client = client
        self._journal = journal
        self._project = project
        self._rules = rules or BatchRules()
        self._price = job.form.price.at_rate(BATCH_RATE)
        self._member = np.zeros(job.survey.requests, dtype=np.int64)
        self._followed: dict[int, Followed] = {}
        self._freed = False
        self._scope: anyio.CancelScope | None = None
        self._sender = Sender(job, name, client, journal, project, self._rules, self._member)

    async def run(self) -> None:
        """Ask all that is open; `RowsJob.ended_by` says what ended it earlier."""
        job = self._job
        try:
            with anyio.CancelScope() as self._scope:
                await self._run()
        except NebiusError as error:
            job.ended_by = job.ended_by or error
        finally:
            tell_of_waiting(job, self._followed, self._member)
        job.ended_by = job.ended_by or self._sender.over
        self.tell()

    def stop(self, error: NebiusError) -> None:
        """Wait no longer, and create nothing more; what is at the server goes on there."""
        if self._job.ended_by is None:
            self._job.ended_by = error
            if self._scope is not None:
                self._scope.cancel()

    def tell(self) -> None:
        """Say how far it is, with what the server tells of its batches."""
        self._job.observer(how_far(self._job, self._followed.values()))

    async def _run(self) -> None:
        pause = AGAIN
        while True:
            self.tell()
            self._freed = self._sender.left_over = False
            await self._find_batches()
            await self._send_all()
            await self._wait_for_all()
            if not (self._freed or self._sender.left_over) or self._sender.over is not None:
                return
            # Somebody else was asking some rows: look whether their answers have come.
            await anyio.sleep(pause)
            pause = min(pause * 2, self._rules.longest_pause)
            rows = self._member == 0
            await enter_kept(self._job, self._client, self._journal, self._price, rows, cached=True)

    async def _find_batches(self) -> None:
        """Find the batches that hold open rows; those of the dead are taken over."""
        for keys in slices(self._job):
            for key, number in (await jobs_of(self._journal, list(keys))).items():
                self._member[keys[key]] = number
                if number not in self._followed:
                    job = await find_job(self._journal, number)
                    if job is None:
                        self._forget(number)
                    else:
                        self._followed[number] = Followed(job)
                        await self._hold(job)
        for number, followed in list(self._followed.items()):
            if followed.job.remote is None and not followed.job.has_ended:
                await self._take_over(number)

    async def _send_all(self) -> None:
        rows = self._sender.free_rows()
        while (number := await self._sender.send(rows)) is not None:
            job = await find_job(self._journal, number)
            if job is not None:
                self._followed[number] = Followed(job)
                self.tell()

    async def _wait_for_all(self) -> None:
        pause = self._rules.first_pause
        while self._followed:
            for number in list(self._followed):
                await self._look(number)
            self.tell()
            if self._followed:
                await anyio.sleep(pause)
                pause = min(pause * 1.5, self._rules.longest_pause)

    async def _look(self, number: int) -> None:
        """See how far a batch is; one that has ended is brought home."""
        job = await find_job(self._journal, number)
        if job is None:
            self._forget(number)
            return
        followed = self._followed[number]
        followed.job = job
        if job.has_ended:
            self._settle(number, await cost_of(self._journal, number))
            await self._enter(number, cached=True)
            return
        await self._hold(job)
        if job.remote is None:
            await self._take_over(number)
        else:
            try:
                batch = await self._client.batches.retrieve(job.remote, ai_project_id=self._project)
            except NotFoundError as error:
                await self._unknown(job, error)
                return
            followed.batch = batch
            if batch.state != "active" and not self._has_still_to_write(followed, batch):
                await self._bring_home(number, batch)

    def _has_still_to_write(self, followed: Followed, batch: Batch) -> bool:
        """Tell whether a batch that has ended tells of results that are not there yet."""
        told = batch.request_counts
        if batch.output_file_id or batch.error_file_id or not (told and told.completed):
            return False
        followed.looks += 1
        return followed.looks <= self._rules.grace

    async def _bring_home(self, number: int, batch: Batch) -> None:
        ended, note = await harvest(
            batch,
            number,
            client=self._client,
            journal=self._journal,
            price=self._price,
            project=self._project,
            group=self._rules.group,
        )
        if note:
            self._job.observer(Note(note))
        self._settle(number, await cost_of(self._journal, number))
        await self._enter(number, cached=not ended)

    async def _hold(self, job: KeptJob) -> None:
        """Hold what a batch that is followed can cost, whoever sent it."""
        await hold_batch(self._journal, job.number, job.budget)
        pledged, purse = self._sender.pledged, self._job.purse
        if pledged.setdefault(job.number, None) is None and job.budget is not None:
            pledged[job.number] = job.budget
            if purse is not None:
                purse.held += job.budget

    def _settle(self, number: int, cost: float | None) -> None:
        """Enter what a batch cost, whoever ended it: once in each purse."""
        settle_batch(self._journal, number, cost)
        pledged, purse = self._sender.pledged, self._job.purse
        if number in pledged:
            held = pledged.pop(number)
            if purse is not None:
                settle(purse, held, cost)

    async def _unknown(self, job: KeptJob, error: NotFoundError) -> None:
        """
        Refuse to replace a batch that the server does not know: another key may have made it.

        When its time is over, its requests are possibly paid, and free again.
        """
        if time.time() - job.made_at < FORGOTTEN:
            raise NebiusError(
                f"The server does not know the batch {job.remote}",
                why="it was made with another key or project, or was deleted there; its rows may "
                "be paid",
                hint="run it with the key and project it was made with, or ask these rows anew: "
                "--via online",
            ) from error
        why = f"the batch {job.remote} is not known at the server any more"
        await put_away(self._journal, job.number, "possibly_paid", why)
        await turn_job(self._journal, job.number, "lost")
        self._settle(job.number, await cost_of(self._journal, job.number))
        await self._enter(job.number, cached=False)

    async def _take_over(self, number: int) -> None:
        """Look for the batch that a dead session was creating; if there is none, free its rows."""
        journal = self._journal
        job = await take_job(journal, number)
        if job is None or number in journal.at_work:
            return
        journal.at_work.add(number)
        try:

            async def find() -> Batch | None:
                file_id = job.detail.get("file")
                return await find_batch(self._client, job.key, self._project, file_id)

            batch = None
            if job.state == "planned":
                batch = await find()
            elif job.state == "creating":
                # It may be listed a moment later than it was made.
                batch = await find() or await look_for(self._client.transport, find)
            if batch is not None:
                await turn_job(journal, number, "created", remote=batch.id)
            else:
                await give_up_job(journal, number)
                self._forget(number)
        finally:
            journal.at_work.discard(number)

    def _forget(self, number: int) -> None:
        """Nothing was created of a batch: its rows are free again."""
        self._followed.pop(number, None)
        release_batch(self._journal, number)
        held = self._sender.pledged.pop(number, None)
        if self._job.purse is not None:
            self._job.purse.held -= held or 0.0
        self._member[self._member == number] = 0
        self._freed = True

    async def _enter(self, number: int, *, cached: bool) -> None:
        """Read what a batch that has ended brought, and why not more."""
        rows = self._member == number
        await enter_kept(self._job, self._client, self._journal, self._price, rows, cached=cached)
        await enter_unanswered(self._job, self._journal, number, rows)
        self._followed.pop(number, None)
