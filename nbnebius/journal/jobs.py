"""
Work that lives at the server: each batch has one row in ``jobs``, whatever kernel made it.

A job goes ``writing`` (its rows are being gathered), ``planned`` (it has its name; nothing was
created), ``creating`` (it may exist at the server), ``created`` (its id is known), and ends
``harvested``, or ``lost`` where the server does not know it any more. Until it is created it
belongs to the session that makes it; a dead session's is taken over by whoever comes first.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbnebius.journal.keys import own_key
from nbnebius.journal.presence import is_dead

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Callable

    from nbnebius.journal.journal import Journal

JobState: TypeAlias = Literal["writing", "planned", "creating", "created", "harvested", "lost"]
ENDED = frozenset({"harvested", "lost"})
KIND = "batch"


@dataclass(frozen=True, slots=True)
class KeptJob:
    """
    A batch, as the journal knows it.

    Attributes
    ----------
    number
        Its row's number.
    key
        What its metadata at the server name it by; made of its requests' keys.
    remote
        The server's id, once it is known.
    owner
        The session that makes it.
    budget
        USD: the most it can cost; None is unknown.
    made_at
        Seconds since 1970, UTC.
    detail
        File id, endpoint, count and model.
    """

    number: int
    key: bytes
    state: JobState
    remote: str | None
    owner: str
    budget: float | None
    made_at: float
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDED


def begin_job(journal: Journal, name: str, detail: dict[str, Any]) -> asyncio.Future[int]:
    """Enter a job that is about to be written; its number comes back."""
    row = (own_key(), KIND, name, journal.session, time.time(), json.dumps(detail))

    def write(connection: sqlite3.Connection) -> int:
        cursor = connection.execute(
            "INSERT INTO jobs (key, kind, name, state, owner, made_at, detail)"
            " VALUES (?,?,?,'writing',?,?,?)",
            row,
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    return journal.committed(write)


def plan_job(
    journal: Journal,
    number: int,
    name: Callable[[int], bytes],
    budget: float | None,
    detail: dict[str, Any],
) -> asyncio.Future[bytes]:
    """
    Give a job whose rows are all known its key.

    Parameters
    ----------
    number
        Which job.
    name
        Makes the key for the first, second, … time that the same rows are asked.
    budget
        USD: the most it can cost; None is unknown.
    detail
        What is to be known of it.
    """

    def write(connection: sqlite3.Connection) -> bytes:
        times = 0
        while connection.execute("SELECT 1 FROM jobs WHERE key = ?", (name(times),)).fetchone():
            times += 1
        key = name(times)
        connection.execute(
            "UPDATE jobs SET key=?, state='planned', budget=?, detail=? WHERE id=?",
            (key, budget, json.dumps(detail), number),
        )
        return key

    return journal.committed(write)


def turn_job(
    journal: Journal, number: int, state: JobState, *, remote: str | None = None, **detail: Any
) -> asyncio.Future[bool]:
    """Bring a job to its next state; False where it has ended, and stays as it is."""
    ended = time.time() if state in ENDED else None

    def write(connection: sqlite3.Connection) -> bool:
        row = connection.execute("SELECT detail FROM jobs WHERE id=?", (number,)).fetchone()
        known = {**_read(row[0] if row else ""), **detail}
        cursor = connection.execute(
            "UPDATE jobs SET state=?, remote=coalesce(?, remote), ended_at=?, detail=?"
            " WHERE id=? AND state NOT IN ('harvested', 'lost')",
            (state, remote, ended, json.dumps(known), number),
        )
        return cursor.rowcount == 1

    return journal.committed(write)


def find_job(journal: Journal, number: int) -> asyncio.Future[KeptJob | None]:
    """Find a job; None where it was given up before anything was created."""
    return journal.committed(lambda connection: _job(connection, number))


def take_job(journal: Journal, number: int) -> asyncio.Future[KeptJob | None]:
    """Take over a job that was not created yet, where nobody alive is at it; else None."""

    def write(connection: sqlite3.Connection) -> KeptJob | None:
        job = _job(connection, number)
        if job is None or job.state not in {"writing", "planned", "creating"}:
            return None
        if job.owner == journal.session:
            return None if number in journal.at_work else job
        if not is_dead(journal.path, job.owner):
            return None
        connection.execute("UPDATE jobs SET owner=? WHERE id=?", (journal.session, number))
        return job

    return journal.committed(write)


def _job(connection: sqlite3.Connection, number: int) -> KeptJob | None:
    row = connection.execute(
        "SELECT id, key, state, remote, coalesce(owner, ''), budget, made_at, detail FROM jobs"
        " WHERE id = ? AND kind = ?",
        (number, KIND),
    ).fetchone()
    if row is None:
        return None
    number, key, state, remote, owner, budget, made_at, detail = row
    return KeptJob(number, key, state, remote, owner, budget, made_at, _read(detail))


def _read(detail: str) -> dict[str, Any]:
    try:
        told = json.loads(detail)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
