"""
The allowance on Dask's scheduler, which outlives every worker.

Imported on workers and the scheduler only: it needs the package ``distributed``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distributed.diagnostics.plugin import SchedulerPlugin

from nbnebius.session.dask.allowance import Allowance

if TYPE_CHECKING:
    from distributed.scheduler import Scheduler

NAME = "nbnebius-allowance"


class AllowancePlugin(SchedulerPlugin):
    """Answers the workers' questions, and hears which of them are gone."""

    name = NAME
    idempotent = True

    def __init__(self) -> None:
        self.allowance = Allowance()

    async def start(self, scheduler: Scheduler) -> None:
        """Take the workers' questions."""

        def join(*, partitions: int, **told: Any) -> dict[str, Any]:
            workers = max(1, min(len(scheduler.workers), partitions))
            slots = min(scheduler.total_nthreads, partitions)
            return {**self.allowance.join(slots=slots, **told), "workers": workers}

        scheduler.handlers["nbnebius_join"] = join
        scheduler.handlers["nbnebius_lend"] = self.allowance.lend
        scheduler.handlers["nbnebius_leave"] = self.allowance.leave

    def remove_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:  # noqa: ARG002 - Dask's
        """Count as spent what was lent to a worker that is gone."""
        self.allowance.lose(worker)
