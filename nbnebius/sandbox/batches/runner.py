"""All batches at work."""

import asyncio
import logging

from nbnebius.sandbox.batches.inspection import file_error
from nbnebius.sandbox.batches.job import Job
from nbnebius.sandbox.batches.results import InUseError
from nbnebius.sandbox.keeping.batches import Batch
from nbnebius.sandbox.state import Sandbox

_log = logging.getLogger(__name__)


class Runner:
    """
    Works on batches in the background.

    Parameters
    ----------
    sandbox
        Whose batches.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Go on with what an earlier process left unfinished."""
        for batch in self._sandbox.batches.unfinished():
            self.start(batch)

    def start(self, batch: Batch) -> None:
        """Begin to work on a batch."""
        self._jobs[batch.id] = job = Job(self._sandbox, batch)
        task = asyncio.create_task(self._run(job, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self, batch: Batch) -> None:
        """Wish for the end of a batch."""
        job = self._jobs.get(batch.id)
        if job is not None:
            job.cancel()

    async def stop(self) -> None:
        """Stop working; another process may go on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, job: Job, batch: Batch) -> None:
        try:
            await job.run()
        except InUseError:
            return
        except Exception:  # noqa: BLE001 - whatever it was, the others go on
            _log.exception("A batch failed.")
            batch.errors = file_error("internal_error", "The batch could not be worked on.")
            batch.turn("failed")
            self._sandbox.batches.save(batch)
        finally:
            self._jobs.pop(batch.id, None)
