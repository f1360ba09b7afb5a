"""One batch while it is worked on."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator, Sequence

from nbnebius.sandbox.batches.answers import answer_body
from nbnebius.sandbox.batches.inspection import Inspection, file_error
from nbnebius.sandbox.batches.lines import (
    BrokenLine,
    answer_line,
    failure_line,
    next_lines,
    read_line,
    reason_of,
)
from nbnebius.sandbox.batches.results import Results, keep_results
from nbnebius.sandbox.keeping.batches import Batch
from nbnebius.sandbox.state import Sandbox
from nbnebius.sandbox.wire.failures import ApiError

_WINDOW = 32
_LOOK_THROUGH = 200
_SAVE_EVERY = 0.25  # seconds
_HANDS_UPSTREAM = 8


class Job:
    """
    The work on a batch, from any state that an earlier process may have left.

    It runs on the event loop and lets everybody else go first after every line.

    Parameters
    ----------
    sandbox
        Answers the lines, keeps the files.
    batch
        What to work on.
    """

    def __init__(self, sandbox: Sandbox, batch: Batch) -> None:
        self._sandbox = sandbox
        self._batch = batch
        self._results: Results | None = None
        self._changed = asyncio.Event()
        self._due = 0.0
        self._saved = 0.0

    def cancel(self) -> None:
        """Wish for the end; what is finished is kept."""
        self._batch.turn("cancelling")
        self._save()
        self._changed.set()

    async def run(self) -> None:
        """Bring the batch to its end."""
        batch = self._batch
        if batch.ending is None:
            try:
                batch.ending = await self._work()
            except FileNotFoundError:
                batch.errors = file_error("missing_file", "The input file is gone.")
                batch.ending = "failed"
        if batch.ending == "completed":
            batch.turn("finalizing")
        self._sandbox.batches.save(batch)
        await asyncio.sleep(0)
        keep_results(self._sandbox.shelf, batch)
        batch.turn(batch.ending)
        self._sandbox.batches.save(batch)

    async def _work(self) -> str:
        batch = self._batch
        if batch.status == "validating":
            inspection = await self._inspect()
            if (early := self._stopped()) is not None:
                return early
            batch.errors = inspection.verdict()
            if batch.errors is not None:
                return "failed"
            batch.total = inspection.total
            batch.turn("in_progress")
            self._sandbox.batches.save(batch)
        return self._stopped() or await self._answer()

    async def _inspect(self) -> Inspection:
        inspection, number = Inspection(), 0
        longest = self._sandbox.settings.body_bytes
        path = self._sandbox.shelf.path(self._batch.input_file_id)
        with path.open("rb") as source:
            while lines := next_lines(source, _LOOK_THROUGH, longest):
                for number, raw in enumerate(lines, number + 1):  # noqa: B020 - goes on counting
                    if raw:
                        inspection.see(read_line(raw, self._batch.endpoint), number)
                await asyncio.sleep(0)
                if self._stopped() is not None:
                    break
        return inspection

    async def _answer(self) -> str:
        batch, sandbox = self._batch, self._sandbox
        path = sandbox.shelf.path(batch.input_file_id)
        with path.open("rb") as source, self._open_results() as results:
            source.seek(batch.position)
            while lines := next_lines(source, _WINDOW, sandbox.settings.body_bytes):
                await self._answer_window(results, lines)
                if (early := self._stopped()) is not None:
                    return early
                batch.position, batch.done = source.tell(), 0
                batch.line += len(lines)
        return "completed"

    @contextlib.contextmanager
    def _open_results(self) -> Iterator[Results]:
        self._results = Results(self._sandbox.shelf, self._batch)
        try:
            yield self._results
        finally:
            self._save()
            self._results.close()
            self._results = None

    async def _answer_window(self, results: Results, lines: Sequence[bytes]) -> None:
        """Answer lines in no order, as the service does: nobody may rely on one."""
        batch = self._batch
        places = [p for p, raw in enumerate(lines) if raw and not batch.done >> p & 1]
        random.Random(f"{batch.id} {batch.line}").shuffle(places)  # noqa: S311 - no secret
        left = iter(places)

        async def work() -> None:
            for place in left:
                await self._wait()
                if self._stopped() is not None:
                    return
                await self._answer_line(results, lines[place], batch.line + place + 1)
                batch.done |= 1 << place
                if time.monotonic() - self._saved > _SAVE_EVERY:
                    self._save()

        if self._sandbox.settings.upstream is None:
            await work()
            return
        async with asyncio.TaskGroup() as group:
            for _ in range(_HANDS_UPSTREAM):
                group.create_task(work())

    async def _answer_line(self, results: Results, raw: bytes, number: int) -> None:
        line = read_line(raw, self._batch.endpoint)
        if isinstance(line, BrokenLine):
            failure = failure_line(line.custom_id, line.code, line.message, number)
            results.add_failure(failure)
            return
        try:
            response = await answer_body(self._sandbox, self._batch.endpoint, line.body)
        except ApiError as error:
            results.add_failure(failure_line(line.custom_id, *reason_of(error), number))
        else:
            results.add_answer(answer_line(line.custom_id, response))

    def _stopped(self) -> str | None:
        """Tell whether the work must end early, and how."""
        if self._batch.status == "cancelling":
            return "cancelled"
        return "expired" if time.time() >= self._batch.deadline else None

    async def _wait(self) -> None:
        """Let the others go first, and keep the pace."""
        await asyncio.sleep(0)
        rate = self._sandbox.settings.batch_rows_per_second
        if rate <= 0:
            return
        now = time.monotonic()
        self._due = max(self._due, now) + 1 / rate
        seconds = min(self._due - now, max(0.0, self._batch.deadline - time.time()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def _save(self) -> None:
        """Write down how far the work is; files and store must always tell the same."""
        if self._results is not None:
            self._results.checkpoint()
        self._sandbox.batches.save(self._batch)
        self._saved = time.monotonic()
