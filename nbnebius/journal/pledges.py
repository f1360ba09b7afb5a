"""
What batches at the server hold in the budgets in force, until it is known what they cost.

A batch outlives the run that sent it, and any kernel may bring it home. So what it holds is kept
with the journal, under its job's number, and is let go of whoever ended it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.journal.job_rows import sum_cost
from nbnebius.journal.jobs import ENDED
from nbnebius.journal.purse import Hold

if TYPE_CHECKING:
    import sqlite3

    from nbnebius.journal.journal import Journal
    from nbnebius.journal.purse import Purse


async def hold_batch(journal: Journal, number: int, amount: float | None) -> None:
    """
    Hold the most that a batch can cost in every budget in force that does not count it yet.

    Whether there is room is not asked: the batch is at the server already.

    Parameters
    ----------
    number
        Its job.
    amount
        USD; None is unknown, and holds nothing before its cost is known.
    """
    if number in journal.at_work:
        return  # who sends it holds it
    journal.pledged.setdefault(number, [])
    if amount is None or not _without(journal, number):
        return
    ours = await journal.committed(lambda connection: _is_ours(connection, number, journal.session))
    holds = journal.pledged.get(number)
    if holds is None:
        return  # it has ended meanwhile
    for purse in _without(journal, number):
        # What others have on its way is read from the ledger, where a budget is theirs too.
        if ours or purse.look_up is None:
            purse.held += amount
            holds.append((purse, Hold(amount)))


def settle_batch(journal: Journal, number: int, cost: float | None) -> None:
    """Enter what a batch that has ended cost, in USD, once; unknown is the most it could."""
    others = _without(journal, number)
    holds = journal.pledged.pop(number, None)
    if holds is None:
        return
    for purse, hold in holds:
        purse.settle(hold, cost)
    for purse in others:
        if purse.look_up is None:
            purse.spent += cost or 0.0


def release_batch(journal: Journal, number: int) -> None:
    """Let go of what a batch held of which nothing was created."""
    for purse, hold in journal.pledged.pop(number, ()):
        purse.release(hold)


def settle_ended(journal: Journal) -> None:
    """Let go of what batches held that have ended or are gone, whoever saw to that; waits."""
    numbers = list(journal.pledged)
    if not numbers:
        return

    def read(connection: sqlite3.Connection) -> dict[int, tuple[str, float | None] | None]:
        return {number: _stand(connection, number) for number in numbers}

    for number, stand in journal.writer.submit(read).result().items():
        if stand is None:
            release_batch(journal, number)
        elif stand[0] in ENDED:
            settle_batch(journal, number, stand[1])


def _without(journal: Journal, number: int) -> list[Purse]:
    held = {id(purse) for purse, _ in journal.pledged.get(number, ())}
    return [purse for purse in journal.purses if id(purse) not in held]


def _is_ours(connection: sqlite3.Connection, number: int, session: str) -> bool:
    row = connection.execute("SELECT session FROM calls WHERE job = ? LIMIT 1", (number,))
    return bool(row.fetchone() == (session,))


def _stand(connection: sqlite3.Connection, number: int) -> tuple[str, float | None] | None:
    row = connection.execute("SELECT state FROM jobs WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    return row[0], sum_cost(connection, number)
