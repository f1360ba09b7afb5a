"""
Rows that are left, sent off as batches: claimed, written, uploaded, created; never twice.

Each request is claimed in the journal before it is written, and the batch's key is on disk before
anything is sent. The server is asked for a batch of that key before one is created. So whatever
ends this process, and wherever, the next one finds either the batch, or that there is none.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from nbnebius.client.doubt import is_doubtful
from nbnebius.errors import NebiusError, OptionError
from nbnebius.journal import Claim, Hold, begin_job, claim_rows, give_up_job, plan_job, turn_job
from nbnebius.work.map.answers import one_line
from nbnebius.work.map.batch_file import ENDPOINT, BatchFile, BatchRules, file_name
from nbnebius.work.map.batch_there import MARK, batch_api, find_batch, find_file
from nbnebius.work.map.book import Found
from nbnebius.work.map.pledge import Pledge
from nbnebius.work.price import BATCH_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.client import AsyncClient
    from nbnebius.journal import Journal
    from nbnebius.work.map.job import RowsJob

CHUNK_ROWS, CHUNK_BYTES = 1_000, 4 * 2**20
"""What is claimed in one commit, and held in memory meanwhile."""

CREATE_AT_MOST = 120.0
"""Seconds that creating a batch goes on after an interrupt: half done is worst."""

CLEAN_UP = 5.0
"""Seconds to take claims back after an interrupt; what is left is for the next run."""

LONGEST_NAME = 200


class Sender:
    """
    Sends the rows of a job that are in no batch yet.

    Parameters
    ----------
    job
        The job.
    name
        What people call it; the batches' metadata tell it.
    client, journal, project
        Who is asked, who keeps track, and the project batches belong to.
    rules
        How large a batch may be.
    member
        For each request the number of the batch it is in, 0 for none; it is filled.

    Attributes
    ----------
    over
        Why not all that is left was sent: no money; or None.
    left_over
        Whether somebody else was faster with some rows: look again.
    pledged
        USD that batches hold in the job's own purse, by their numbers; None is unknown.
    """

    def __init__(
        self,
        job: RowsJob,
        name: str,
        client: AsyncClient,
        journal: Journal,
        project: str | None,
        rules: BatchRules,
        member: NDArray[np.int64],
    ) -> None:
        self._job = job
        self._title = name[:LONGEST_NAME]
        self._client = client
        self._journal = journal
        self._project = project
        self._rules = rules
        self._member = member
        self._waiting: tuple[int, str] | None = None
        self._there: set[int] = set()  # batches that the server has, or may have
        self.over: NebiusError | None = None
        self.left_over = False
        self.pledged: dict[int, float | None] = {}

    def free_rows(self) -> Iterator[tuple[int, str]]:
        """Give the rows that have no outcome and are in no batch."""
        for number, text in self._job.open_rows():
            if not self._member[number]:
                yield number, text

    async def send(self, rows: Iterator[tuple[int, str]]) -> int | None:
        """
        Send off as many rows as one batch may hold; its number, None where there was none to send.

        Raises
        ------
        NebiusError
            It could not be created, or that is not known; then the next run looks for it.
        """
        self._waiting = self._waiting or next(rows, None)
        if self._waiting is None or self.over is not None:
            return None
        journal = self._journal
        purses = [*([self._job.purse] if self._job.purse else []), *journal.purses]
        detail = {"endpoint": ENDPOINT, "model": self._job.form.model}
        number = await begin_job(journal, self._title, detail)
        pledge = Pledge(purses)
        journal.at_work.add(number)
        try:
            with (
                tempfile.TemporaryDirectory(prefix="nbnebius-") as folder,
                BatchFile(Path(folder) / "requests.jsonl", self._rules) as file,
            ):
                await self._gather(number, rows, file, pledge)
                if file.requests:
                    await self._submit(number, file, pledge, detail)
                    return number
            await give_up_job(journal, number)
        except NebiusError as error:
            if number not in self._there or not is_doubtful(error):
                await self._give_up(number)
            raise
        except anyio.get_cancelled_exc_class():
            if number not in self._there:
                with anyio.move_on_after(CLEAN_UP, shield=True):
                    await self._give_up(number)
            raise
        finally:
            journal.at_work.discard(number)
            if number in self._there:
                self._keep(number, pledge)
            else:
                pledge.end()
        return await self.send(rows)  # all of these are somebody else's; there may be more

    async def _give_up(self, number: int) -> None:
        """Free the rows of a batch that was surely not created."""
        self._there.discard(number)
        await give_up_job(self._journal, number)
        self._member[self._member == number] = 0

    def _keep(self, number: int, pledge: Pledge) -> None:
        """Hold on to the money of a batch, until somebody knows what became of it."""
        self.pledged[number] = pledge.amount
        self._journal.pledged[number] = [
            (purse, Hold(pledge.amount))
            for purse in pledge.purses
            if purse is not self._job.purse and pledge.amount is not None
        ]

    async def _gather(
        self, job: int, rows: Iterator[tuple[int, str]], file: BatchFile, pledge: Pledge
    ) -> None:
        """Claim and write rows until the file is full, the money is spent or none are left."""
        chunk: list[tuple[int, bytes, Claim]] = []
        size = 0
        while (row := self._waiting or next(rows, None)) is not None:
            self._waiting = row
            number, text = row
            data = self._data(number, text, file)
            if data is not None:
                claim = self._claim(number, text)
                self.over = pledge.refusal(claim.bound)
                if self.over is not None or not file.take_place(data):
                    break
                pledge.take(claim.bound)
                chunk.append((number, data, claim))
                size += len(data)
            self._waiting = None
            if len(chunk) >= CHUNK_ROWS or size >= CHUNK_BYTES:
                await self._write(job, chunk, file, pledge)
                chunk, size = [], 0
        await self._write(job, chunk, file, pledge)
        file.finish()

    def _data(self, number: int, text: str, file: BatchFile) -> bytes | None:
        """Write a row's body; one that cannot be sent fails by itself."""
        try:
            data = self._job.form.data(text)
        except OptionError as error:
            self._job.book.enter(number, Found("failed", error=one_line(error)))
            return None
        if file.could_hold(data):
            return data
        self._job.book.enter(number, Found("failed", error="it is larger than a batch may be"))
        return None

    def _claim(self, number: int, text: str) -> Claim:
        job = self._job
        bound = job.form.bound(text)
        return Claim(
            job.survey.key(number),
            job.newest(number),
            None if bound is None else bound * BATCH_RATE,
            job.form.characters(text),
        )

    async def _write(
        self, job: int, chunk: list[tuple[int, bytes, Claim]], file: BatchFile, pledge: Pledge
    ) -> None:
        form, place = self._job.form, self._job.origin.place
        claims = [claim for _, _, claim in chunk]
        ours = await claim_rows(self._journal, job, form.service, form.model, place, claims)
        lines = []
        for (number, data, claim), is_ours in zip(chunk, ours, strict=True):
            if is_ours:
                self._member[number] = job
                lines.append((claim.key, data))
            else:
                self.left_over = True
                pledge.give_back(claim.bound)
        file.write(lines)

    async def _submit(
        self, number: int, file: BatchFile, pledge: Pledge, detail: dict[str, Any]
    ) -> None:
        """Bring a written batch to the server, or find it there."""
        journal, client, project = self._journal, self._client, self._project
        detail = {**detail, "count": file.requests, "bytes": file.size}
        key = await plan_job(journal, number, file.key, pledge.amount, detail)
        batch = await find_batch(client, key, project)
        file_id = ""
        if batch is None:
            file_id = await self._upload(file, key)
            # The upload may have taken an hour: look once more.
            batch = await find_batch(client, key, project)
        if batch is not None:
            self._there.add(number)
            await turn_job(journal, number, "created", remote=batch.id)
        else:
            with anyio.move_on_after(CREATE_AT_MOST, shield=True):
                self._there.add(number)
                await turn_job(journal, number, "creating", file=file_id)
                await self._create(number, file_id, key, file.requests)

    async def _upload(self, file: BatchFile, key: bytes) -> str:
        there = await find_file(self._client, key, file.size, self._project)
        if there is not None:
            return there
        with batch_api():
            uploaded = await self._client.files.upload(
                file.path, "batch", filename=file_name(key), ai_project_id=self._project
            )
        return uploaded.id

    async def _create(self, number: int, file_id: str, key: bytes, count: int) -> None:
        body = {
            "input_file_id": file_id,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": {MARK: key.hex(), "job": self._title, "rows": str(count)},
        }
        try:
            batch = await self._client.batches.create(body, ai_project_id=self._project)
        except NebiusError as error:
            if not is_doubtful(error):
                # A file that no batch is made of is of no use to anybody.
                with contextlib.suppress(NebiusError):
                    await self._client.files.delete(file_id, ai_project_id=self._project)
            raise
        await turn_job(self._journal, number, "created", remote=batch.id)
