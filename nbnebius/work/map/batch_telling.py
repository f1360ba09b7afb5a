"""What is told of batches while they are waited for, and when the waiting ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbnebius.errors import Stopped
from nbnebius.events import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.journal import KeptJob
    from nbnebius.types.batches import Batch
    from nbnebius.work.map.job import RowsJob

NAMED = 3
"""Batches that one line names."""


@dataclass(slots=True)
class Followed:
    """A batch that is waited for, as it was told last."""

    job: KeptJob
    batch: Batch | None = None
    looks: int = 0


def how_far(job: RowsJob, followed: Collection[Followed]) -> Progress:
    """Tell how far a job is: what is known here, and what the server has done besides."""
    counts, total = job.book.counts, job.book.requests
    there = sum(_done(one.batch) for one in followed)
    words = [f"{one.job.remote or 'a batch'}: {_word(one.batch)}" for one in followed]
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return Progress(
        "requests",
        min(counts.done + there, total),
        total,
        counts.kept,
        counts.cost,
        counts.failed,
        counts.possibly_paid,
        ", ".join(words[:NAMED]) + more,
    )


def tell_of_waiting(
    job: RowsJob, followed: Mapping[int, Followed], member: NDArray[np.int64]
) -> None:
    """Say of each open row in which batch it is, and how to go on."""
    for number, one in followed.items():
        told = f"in batch {one.job.remote}" if one.job.remote else "in a batch"
        for place in (member == number).nonzero()[0].tolist():
            if job.book.is_open(place):
                job.book.errors[place] = told
    remotes = [one.job.remote for one in followed.values() if one.job.remote]
    if remotes and isinstance(job.ended_by, Stopped):
        more = f" and {len(remotes) - 1} more" if len(remotes) > 1 else ""
        job.ended_by = Stopped(
            "You stopped waiting for the job",
            why=f"the batch {remotes[0]}{more} goes on at the server, and will be paid for",
            hint="run it again to go on waiting, also after a restart; "
            f"%batches {remotes[0]} cancel ends it",
        )


def _done(batch: Batch | None) -> int:
    told = batch.request_counts if batch else None
    return (told.completed or 0) + (told.failed or 0) if told else 0


def _word(batch: Batch | None) -> str:
    if batch is None:
        return "on its way"
    told = batch.request_counts
    done = f", {_done(batch):,} of {told.total:,}" if told and told.total else ""
    return f"{batch.status}{done}"
