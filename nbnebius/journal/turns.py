"""
Turns of threads: what was asked and answered, in the order of each thread.

A turn holds its own messages, so that a thread is read without the requests that repeat it. What it
holds goes where its call's answer goes: `forget_said` is told by whoever purges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbnebius.journal.packing import pack, unpack

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from nbnebius.journal.journal import Journal

IN_MEMORY = 0  # the number of a turn that is not in the journal

_COLUMNS = (
    "id, position, place, session, call, state, model, asked_at, tokens, cost, said_before, mark"
)
# An imported turn has no call: it is as old as it says.
_UNFOUNDED = (
    "said IS NOT NULL AND call IS NOT NULL AND call NOT IN (SELECT bodies.call FROM bodies)"
)
_OLD_IMPORTS = "said IS NOT NULL AND call IS NULL AND asked_at < ?"


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """
    One turn of a thread.

    Attributes
    ----------
    id
        Its number in the journal, `IN_MEMORY` for one of a private call.
    position
        Where it stands among the thread's turns.
    place, session
        The cell that asked it ("" where there is none), and the session that did so last.
    call
        The number of its answer's call; None where it was imported, or is in memory only.
    state
        ``done``, or ``partial`` for an answer that was stopped or broke off.
    asked_at
        Seconds since 1970, UTC.
    tokens, cost
        Of the call: tokens as the server counted them, USD; None where unknown.
    said_before
        What stood before it when it was asked, as a digest.
    mark
        The digest of `said`.
    said
        Its messages, and a system prompt of its own, as JSON; None where that was purged.
    """

    id: int
    position: int
    place: str
    session: str
    call: int | None
    state: str
    model: str
    asked_at: float
    tokens: int | None
    cost: float | None
    said_before: bytes
    mark: bytes
    said: bytes | None

    @property
    def is_private(self) -> bool:
        """Whether it is in this session's memory only."""
        return self.id == IN_MEMORY


@dataclass(frozen=True, slots=True)
class ThreadSum:
    """What a thread's calls came to, those of replaced turns included: tokens and USD."""

    thread: str
    tokens: int
    cost: float


def read_turns(journal: Journal, service: str, thread: str) -> list[KeptTurn]:
    """Read a thread's turns, the first one first."""

    def read(connection: sqlite3.Connection) -> list[KeptTurn]:
        rows = connection.execute(
            f"SELECT {_COLUMNS}, said FROM turns WHERE service = ? AND thread = ?"  # noqa: S608 - our own words
            " ORDER BY position, id",
            (service, thread),
        )
        turns = [KeptTurn(*row) for row in rows]
        return [replace(t, said=unpack(t.said) if t.said else None) for t in turns]

    return journal.writer.submit(read).result()


def thread_names(journal: Journal, service: str) -> list[str]:
    """List the names of a service's threads, the one that was asked last first."""

    def read(connection: sqlite3.Connection) -> list[str]:
        rows = connection.execute(
            "SELECT thread FROM turns WHERE service = ? GROUP BY thread"
            " ORDER BY max(asked_at) DESC",
            (service,),
        )
        return [name for (name,) in rows]

    return journal.writer.submit(read).result()


def thread_sums(journal: Journal, service: str) -> dict[str, ThreadSum]:
    """Sum what each thread's calls took; private calls name no thread."""

    def read(connection: sqlite3.Connection) -> dict[str, ThreadSum]:
        rows = connection.execute(
            "SELECT thread, sum(coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0)),"
            " coalesce(sum(cost), 0.0) FROM calls"
            " WHERE service = ? AND thread IS NOT NULL GROUP BY thread",
            (service,),
        )
        return {row[0]: ThreadSum(*row) for row in rows}

    return journal.writer.submit(read).result()


def keep_turn(
    journal: Journal, service: str, thread: str, turn: KeptTurn, *, old: int | None = None
) -> None:
    """
    Write a turn; `old` is the number of the one it replaces.

    A new turn's position is the next free one, if that is higher than its own.
    """
    assert turn.said is not None
    said = pack(turn.said)
    values = (
        turn.place,
        turn.session,
        turn.call,
        turn.state,
        turn.model,
        turn.asked_at,
        turn.tokens,
        turn.cost,
        turn.said_before,
        turn.mark,
        said,
    )

    def write(connection: sqlite3.Connection) -> None:
        if old:
            replaced = connection.execute(
                "UPDATE turns SET place=?, session=?, call=?, state=?, model=?, asked_at=?,"
                " tokens=?, cost=?, said_before=?, mark=?, said=? WHERE id=?",
                (*values, old),
            )
            if replaced.rowcount:
                return
        position = turn.position
        if old is None:
            (highest,) = connection.execute(
                "SELECT coalesce(max(position), 0) FROM turns WHERE service = ? AND thread = ?",
                (service, thread),
            ).fetchone()
            position = max(position, highest + 1)
        connection.execute(
            "INSERT INTO turns (service, thread, position, place, session, call, state, model,"
            " asked_at, tokens, cost, said_before, mark, said)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (service, thread, position, *values),
        )

    journal.writer.submit(write).result()


def forget_turns(journal: Journal, numbers: Iterable[int]) -> None:
    """Delete turns; the calls, what they cost and their answers stay."""
    gone = [(number,) for number in numbers if number != IN_MEMORY]

    def write(connection: sqlite3.Connection) -> None:
        connection.executemany("DELETE FROM turns WHERE id = ?", gone)

    journal.writer.submit(write).result()


def count_old_imports(connection: sqlite3.Connection, before: float) -> tuple[int, int]:
    """Count imported turns of before a moment, and the bytes of what was said in them."""
    count, size = connection.execute(
        f"SELECT count(*), coalesce(sum(length(said)), 0) FROM turns WHERE {_OLD_IMPORTS}",  # noqa: S608 - our own words
        (before,),
    ).fetchone()
    return int(count), int(size)


def forget_said(connection: sqlite3.Connection, before: float | None = None) -> int:
    """
    Forget what was said in turns whose answer is no longer kept; the turns stay, and tell so.

    Imported turns of before a moment (seconds since 1970, UTC) go likewise; how many comes back.
    """
    connection.execute(f"UPDATE turns SET said = NULL WHERE {_UNFOUNDED}")  # noqa: S608 - our own words
    if before is None:
        return 0
    return connection.execute(
        f"UPDATE turns SET said = NULL WHERE {_OLD_IMPORTS}",  # noqa: S608 - likewise
        (before,),
    ).rowcount


def forget_empty(connection: sqlite3.Connection) -> None:
    """Delete the turns in which nothing is left."""
    connection.execute("DELETE FROM turns WHERE said IS NULL")
