"""
What all partitions of a job share: its budget in USD, and how many requests may be in flight.

Partitions hold parts of both. A part of the budget that was lent to a worker that died is counted
as spent: what it bought nobody can tell any more. Plain data, without Dask; times do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DUST = 1e-12
"""USD: what sums of floats may be off by."""


@dataclass(slots=True)
class Member:
    """One run of one partition: where it runs, USD lent to it and spent by it, its places."""

    worker: str
    places: int
    lent: float = 0.0
    spent: float = 0.0


@dataclass(slots=True)
class Shared:
    """
    One job.

    Attributes
    ----------
    spent
        USD of the runs that are over, with all that was lent to those that died.
    homes
        For each partition the journal it was last asked by.
    """

    spent: float = 0.0
    members: dict[str, Member] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)


class Allowance:
    """The jobs of one cluster. What its methods give are plain values, which travel anywhere."""

    def __init__(self) -> None:
        self.jobs: dict[str, Shared] = {}

    def join(
        self,
        job: str,
        member: str,
        *,
        worker: str,
        partition: str,
        home: str,
        concurrency: int,
        slots: int,
    ) -> dict[str, Any]:
        """
        Let a partition begin, with its share of the requests in flight.

        Returns
        -------
        dict
            ``places``: how many it may have in flight, 0 while none is free; ``before``: the
            journal that the partition was asked by before, where that is another one, else "".
        """
        shared = self.jobs.setdefault(job, Shared())
        taken = sum(one.places for one in shared.members.values())
        places = min(max(1, concurrency // max(1, slots)), concurrency - taken)
        if places < 1:
            return {"places": 0, "before": ""}
        before = shared.homes.get(partition, home)
        shared.homes[partition] = home
        shared.members[member] = Member(worker, places)
        return {"places": places, "before": "" if before == home else before}

    def lend(
        self,
        job: str,
        member: str,
        *,
        limit: float,
        least: float,
        wanted: float,
        spent: float,
        returned: float,
    ) -> dict[str, Any]:
        """
        Take back what a partition does not need, and lend it what it asks for.

        Parameters
        ----------
        limit
            The whole job's budget, in USD.
        least, wanted
            USD: less is of no use to it; more is not asked for.
        spent
            USD that it has spent so far, of all that was lent.
        returned
            USD that were lent to it and come back.

        Returns
        -------
        dict
            ``lent``: USD, 0 where there is not enough; ``more``: whether others may give back.
        """
        shared = self.jobs.get(job)
        asking = shared.members.get(member) if shared else None
        if shared is None or asking is None:  # it was given up as dead
            return {"lent": 0.0, "more": False}
        asking.lent -= returned
        asking.spent = spent
        others = [one for name, one in shared.members.items() if name != member]
        free = limit - shared.spent - sum(one.lent for one in shared.members.values())
        if free + DUST >= least:
            # Half of an equal share, so that the last of it is not all with one of them.
            fair = free / (2 * len(shared.members))
            lent = min(max(least, min(wanted, fair)), max(free, least))
            asking.lent += lent
            return {"lent": lent, "more": True}
        return {"lent": 0.0, "more": any(one.lent - one.spent > DUST for one in others)}

    def leave(self, job: str, member: str, *, spent: float) -> None:
        """Let a partition end, with what it spent, in USD."""
        shared = self.jobs.get(job)
        if shared and shared.members.pop(member, None):
            shared.spent += spent

    def lose(self, worker: str) -> None:
        """Hear that a worker is gone: all that was lent to it counts as spent."""
        for shared in self.jobs.values():
            for name in [n for n, one in shared.members.items() if one.worker == worker]:
                shared.spent += shared.members.pop(name).lent
