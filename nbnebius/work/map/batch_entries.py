"""From the journal into a job's book: what its batches brought, and why not more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nbnebius.journal import SLICE, find_answers, jobs_of, unanswered
from nbnebius.work.map.answers import outcome
from nbnebius.work.map.book import Found
from nbnebius.work.map.job import record_kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.client import AsyncClient
    from nbnebius.journal import Journal, KeptRow
    from nbnebius.work.map.job import RowsJob
    from nbnebius.work.price import Price


async def enter_kept(
    job: RowsJob,
    client: AsyncClient,
    journal: Journal,
    price: Price,
    among: NDArray[np.bool_],
    *,
    cached: bool,
) -> None:
    """
    Enter the answers that are kept for open rows.

    Parameters
    ----------
    job, client, journal
        Whose rows, who may record them, and where the answers are.
    price
        What the model costs; of what was paid the journal knows best.
    among
        The requests to look at; (requests,).
    cached
        Whether others paid for them, so that they cost nothing now.
    """
    recorded: list[tuple[int, KeptRow]] = []
    for keys in slices(job, among):
        for row in await find_answers(journal, list(keys)):
            place = keys[row.key]
            if row.record <= job.newest(place):
                continue
            found = outcome(row.body, row.content_type, job.schema, price)
            found.cost = row.cost
            job.book.enter(place, found, cached=cached)
            if client.transport.tape is not None:
                recorded.append((place, row))
    record_kept(job, client, recorded)


async def enter_unanswered(
    job: RowsJob, journal: Journal, batch: int, among: NDArray[np.bool_]
) -> None:
    """Enter why the rows of a batch that are still open will have no answer of it."""
    for keys in slices(job, among):
        ended = await unanswered(journal, batch, list(keys))
        for key, place in keys.items():
            why = ended.get(key)
            if why is None:
                error = "its batch ended without an answer"
                job.book.enter(place, Found("failed", error=error))
                continue
            job.book.enter(place, Found(why.state, error=why.error))
            if why.state == "possibly_paid":
                job.book.counts.doubt += why.bound or 0.0


async def count_batched(job: RowsJob, journal: Journal) -> int:
    """Count the open rows that are in a batch at the server already."""
    count = 0
    for keys in slices(job):
        count += len(await jobs_of(journal, list(keys)))
    return count


def slices(job: RowsJob, among: NDArray[np.bool_] | None = None) -> Iterator[dict[bytes, int]]:
    """Give the keys and numbers of the rows that are open, in parts that one reading takes."""
    import numpy as np

    is_open = np.frombuffer(bytes(job.book.status), dtype=np.uint8) == 0
    if among is not None:
        is_open &= among
    order = job.survey.order[is_open[job.survey.order]]  # neighbours in the journal's index
    for part in range(math.ceil(len(order) / SLICE)):
        numbers = order[part * SLICE : (part + 1) * SLICE].tolist()
        yield {job.survey.key(number): number for number in numbers}
