"""
The requests of a job: one row in ``calls`` each, from before it is sent until its answer is kept.

A request belongs to one job at most. Whoever wants it next, in this kernel or another, finds it
claimed: so no request is in two batches.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from nbnebius.journal.bulk import marked
from nbnebius.journal.entries import is_taken
from nbnebius.journal.packing import pack

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Sequence

    from nbnebius.journal.journal import Journal

Landed: TypeAlias = Literal["kept", "known", "unknown"]
"""A line was kept; its request has its end already; the job holds no such request."""

STEP = 5_000
"""Rows that are put away in one commit: so that other kernels wait a moment only."""


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A request that a job wants.

    Attributes
    ----------
    key
        Its name.
    newest
        The newest record of it that is known and of no use, 0 where there is none.
    bound
        USD: the most it can cost; None is unknown.
    characters
        How long its texts are.
    """

    key: bytes
    newest: int
    bound: float | None
    characters: int


@dataclass(frozen=True, slots=True)
class KeptLine:
    """
    What came for one request of a batch.

    Attributes
    ----------
    key
        The request's name.
    state
        ``done``: an answer; ``failed``: the server says why there is none.
    body
        The answer as it came; of a failure the whole line.
    cost
        USD; None is unknown.
    """

    key: bytes
    state: Literal["done", "failed"]
    body: bytes
    status: int | None = None
    error: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request of a job that has ended without it: why, and at most how many USD it took."""

    state: Literal["failed", "possibly_paid"]
    error: str
    bound: float | None


def claim_rows(
    journal: Journal, job: int, service: str, model: str, place: str, claims: Sequence[Claim]
) -> asyncio.Future[list[bool]]:
    """
    Enter requests into a job, each only where nobody has bought it, or is about to.

    For each of them comes back whether it is the job's now.
    """
    now = time.time()

    def write(connection: sqlite3.Connection) -> list[bool]:
        return [one(connection, claim) for claim in claims]

    def one(connection: sqlite3.Connection, claim: Claim) -> bool:
        batched = "SELECT 1 FROM calls WHERE key = ? AND state = 'batched' AND job > 0"
        if connection.execute(batched, (claim.key,)).fetchone():
            return False
        if is_taken(connection, claim.key, claim.newest, journal):
            return False
        connection.execute(
            "INSERT INTO calls (key, kind, service, model, state, attempt, session, place, job,"
            " owner, sent_at, cost_bound, characters)"
            " VALUES (?,'chat',?,?,'batched',1,?,?,?,?,?,?,?)",
            (
                *(claim.key, service, model, journal.session, place, job, journal.owner),
                *(now, claim.bound, claim.characters),
            ),
        )
        return True

    return journal.committed(write)


def jobs_of(journal: Journal, keys: Sequence[bytes]) -> asyncio.Future[dict[bytes, int]]:
    """Tell in which job at the server each request is, where it is in one."""

    def read(connection: sqlite3.Connection) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        for some, marks in marked(keys):
            rows = connection.execute(
                f"SELECT key, job FROM calls WHERE key IN ({marks}) AND state = 'batched'",  # noqa: S608 - only question marks
                some,
            )
            found.update((key, job) for key, job in rows if job is not None)
        return found

    return journal.committed(read)


def keep_lines(
    journal: Journal, job: int, lines: Sequence[KeptLine]
) -> asyncio.Future[list[Landed]]:
    """Keep what came for requests of a job, raw; what is there already is left as it is."""
    packed = [(line, pack(line.body) if line.body else None) for line in lines]
    now = time.time()

    def write(connection: sqlite3.Connection) -> list[Landed]:
        return [one(connection, line, body) for line, body in packed]

    def one(connection: sqlite3.Connection, line: KeptLine, body: bytes | None) -> Landed:
        # The plus keeps SQLite from looking through the whole job for each of its rows.
        row = connection.execute(
            "SELECT id FROM calls WHERE key = ? AND state = 'batched' AND +job = ?",
            (line.key, job),
        ).fetchone()
        if row is None:
            known = "SELECT 1 FROM calls WHERE key = ? AND +job = ?"
            return "known" if connection.execute(known, (line.key, job)).fetchone() else "unknown"
        connection.execute(
            "UPDATE calls SET state=?, ended_at=?, status=?, error=?, prompt_tokens=?,"
            " completion_tokens=?, cost=? WHERE id=?",
            (
                *(line.state, now, line.status, line.error),
                *(line.prompt_tokens, line.completion_tokens, line.cost, row[0]),
            ),
        )
        if body is not None:
            connection.execute(
                "INSERT INTO bodies (call, request, answer, content_type)"
                " VALUES (?, ?, ?, 'application/json')"
                " ON CONFLICT (call) DO UPDATE SET answer=excluded.answer",
                (row[0], line.key, body),
            )
        return "kept"

    return journal.committed(write)


async def put_away(
    journal: Journal, job: int, state: Literal["failed", "possibly_paid"], error: str
) -> None:
    """Say of what is left of a job that no answer will come."""

    def write(connection: sqlite3.Connection) -> int:
        return connection.execute(
            "UPDATE calls SET state=?, ended_at=?, error=? WHERE id IN"
            " (SELECT id FROM calls WHERE job=? AND +state='batched' LIMIT ?)",
            (state, time.time(), error, job, STEP),
        ).rowcount

    while await journal.committed(write):
        pass


async def give_up_job(journal: Journal, job: int) -> None:
    """Forget a job of which nothing was created; its requests are free again."""

    def write(connection: sqlite3.Connection) -> int:
        gone = connection.execute(
            "DELETE FROM calls WHERE id IN"
            " (SELECT id FROM calls WHERE job=? AND +state='batched' LIMIT ?)",
            (job, STEP),
        ).rowcount
        if not gone:
            connection.execute("DELETE FROM jobs WHERE id=?", (job,))
        return gone

    while await journal.committed(write):
        pass


def unanswered(
    journal: Journal, job: int, keys: Sequence[bytes]
) -> asyncio.Future[dict[bytes, Unanswered]]:
    """Tell why requests of a job have no answer."""

    def read(connection: sqlite3.Connection) -> dict[bytes, Unanswered]:
        found: dict[bytes, Unanswered] = {}
        for some, marks in marked(keys):
            rows = connection.execute(
                f"SELECT key, state, error, cost_bound FROM calls WHERE key IN ({marks})"  # noqa: S608 - only question marks
                " AND state IN ('failed', 'possibly_paid') AND +job = ?",
                (*some, job),
            )
            found.update((key, Unanswered(*rest)) for key, *rest in rows)
        return found

    return journal.committed(read)


def cost_of(journal: Journal, job: int) -> asyncio.Future[float | None]:
    """
    Sum what the answers of a job that has ended cost, in USD.

    None where one's price is unknown, or where the job is lost and nobody knows its answers.
    """
    return journal.committed(lambda connection: sum_cost(connection, job))


def sum_cost(connection: sqlite3.Connection, job: int) -> float | None:
    """Sum what a job's answers cost; see `cost_of`."""
    if connection.execute("SELECT 1 FROM jobs WHERE id=? AND state='lost'", (job,)).fetchone():
        return None
    cost, unknown = connection.execute(
        "SELECT coalesce(sum(cost), 0.0), count(*) FILTER (WHERE cost IS NULL) FROM calls"
        " WHERE job = ? AND +state = 'done'",
        (job,),
    ).fetchone()
    return None if unknown else cost


def is_begun(journal: Journal, job: int) -> asyncio.Future[bool]:
    """Tell whether some of a job's requests have their end already."""

    def read(connection: sqlite3.Connection) -> bool:
        row = connection.execute(
            "SELECT 1 FROM calls WHERE job = ? AND +state <> 'batched' LIMIT 1", (job,)
        ).fetchone()
        return row is not None

    return journal.committed(read)
