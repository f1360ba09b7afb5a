"""
What one run of a partition may use of what its job may: requests in flight, limits, budget.

On a cluster the scheduler shares it out as it is needed. With Dask's own threads or processes there
is nobody to ask, so each partition gets an equal part.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import secrets
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.journal import Purse
from nbnebius.session.dask.purse import LentPurse

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Worker

AGAIN = 0.2  # seconds between two questions for a free place


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a whole job may use.

    Attributes
    ----------
    job
        Names the job.
    partitions
        How many it has.
    concurrency
        Most requests in flight.
    budget
        USD, None without limit.
    """

    job: str
    partitions: int
    concurrency: int
    budget: float | None


@dataclass(frozen=True, slots=True)
class Seat:
    """
    What a partition may use.

    Attributes
    ----------
    places
        Most requests in flight.
    share
        Its process's part of the server's limits, above 0 to 1.
    purse
        Its budget, None without limit.
    before
        The journal that it was asked by before, where that is another one, else "".
    leave
        Gives everything back.
    is_wanted
        Tells whether somebody still waits for the partition; from any thread.
    """

    places: int
    share: float
    purse: Purse | None
    before: str
    leave: Callable[[], None]
    is_wanted: Callable[[], bool]


def take_seat(terms: Terms, home: str) -> Seat:
    """Wait for a place in a job; `home` names the journal of this process."""
    worker = _worker()
    return _own_part(terms) if worker is None else _on_cluster(terms, home, worker)


def _worker() -> Worker | None:
    """Give the worker that runs this thread, None where Dask runs it without one."""
    if "distributed" not in sys.modules:
        return None
    from distributed import get_worker

    try:
        return get_worker()
    except ValueError:
        return None


def _own_part(terms: Terms) -> Seat:
    from dask.system import CPU_COUNT

    at_once = max(1, min(terms.partitions, CPU_COUNT))
    is_child = multiprocessing.parent_process() is not None
    purse = None if terms.budget is None else Purse(terms.budget / max(1, terms.partitions))
    places = max(1, terms.concurrency // at_once)
    return Seat(places, 1 / at_once if is_child else 1.0, purse, "", lambda: None, lambda: True)


def _on_cluster(terms: Terms, home: str, worker: Worker) -> Seat:
    from distributed.protocol.pickle import dumps

    from nbnebius.session.dask.plugin import NAME, AllowancePlugin

    loop = worker.loop.asyncio_loop  # type: ignore[attr-defined]
    member = secrets.token_hex(8)
    partition = worker.get_current_task()

    async def ask(operation: str, **told: Any) -> Any:
        return await getattr(worker.scheduler, operation)(**told)

    def wait_for(operation: str, **told: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(ask(operation, **told), loop).result()

    async def lend(**told: float) -> dict[str, Any]:
        whole = {"job": terms.job, "member": member, "limit": terms.budget, **told}
        call = asyncio.run_coroutine_threadsafe(ask("nbnebius_lend", **whole), loop)
        try:
            lent: dict[str, Any] = await asyncio.wrap_future(call)
        except OSError:  # without its scheduler this worker is about to end
            return {"lent": 0.0, "more": False}
        return lent

    # The scheduler may be younger than this worker, so it is told each time; it takes one only.
    plugin = dumps(AllowancePlugin())  # type: ignore[no-untyped-call]
    wait_for("register_scheduler_plugin", plugin=plugin, name=NAME, idempotent=True)
    told = {
        "job": terms.job,
        "member": member,
        "worker": worker.address,
        "partition": str(partition),
        "home": home,
        "concurrency": terms.concurrency,
        "partitions": terms.partitions,
    }
    while not (given := wait_for("nbnebius_join", **told))["places"]:
        time.sleep(AGAIN)
    places = given["places"]
    purse = None if terms.budget is None else LentPurse(lend, places)

    def leave() -> None:
        spent = purse.spent + purse.held if purse else 0.0
        # Without its scheduler this worker is about to end, and is entered as lost.
        with contextlib.suppress(OSError):
            wait_for("nbnebius_leave", job=terms.job, member=member, spent=spent)

    def is_wanted() -> bool:
        task = worker.state.tasks.get(partition)
        return task is not None and task.state != "cancelled"

    return Seat(places, 1 / given["workers"], purse, given["before"], leave, is_wanted)
