"""Readings of the journal: answers that are kept, money that was spent, notes to the user."""

from __future__ import annotations

import asyncio
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbnebius.journal.journal import Journal, KeptVector

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """
    A committed answer, as raw bytes.

    `bought_at` is in seconds since 1970 (UTC), `seconds` is how long it took, `cost` is what it
    cost then, in USD.
    """

    record: int
    body: bytes
    content_type: str
    bought_at: float
    seconds: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Spend:
    """
    What was spent: calls, tokens and USD, and what is possibly paid besides.

    `unpriced` counts calls whose price is unknown; `in_doubt` is the highest price, in USD, of
    calls that were sent and have no committed answer (`doubtful` of them).
    """

    calls: int
    tokens: int
    cost: float
    unpriced: int
    doubtful: int
    in_doubt: float


async def find_answer(
    journal: Journal, key: bytes, *, place: str = "", other_sessions_only: bool = False
) -> KeptAnswer | None:
    """
    Find the latest whole answer to a request.

    Parameters
    ----------
    key
        The request's name.
    place
        The cell that asks: an answer bought from the same cell comes first, whatever session it
        is of.
    other_sessions_only
        Leave out answers that other cells of this very session bought.
    """

    def read(connection: sqlite3.Connection) -> KeptAnswer | None:
        row = connection.execute(
            "SELECT calls.id, answer, content_type, ended_at, ended_at - sent_at, cost"
            " FROM calls JOIN bodies ON bodies.call = calls.id"
            " WHERE key = ? AND state = 'done' AND answer IS NOT NULL"
            " AND (? = 0 OR session <> ? OR (place = ? AND place <> ''))"
            " ORDER BY (place = ?) DESC, calls.id DESC LIMIT 1",
            (key, int(other_sessions_only), journal.session, place, place),
        ).fetchone()
        if row is None:
            return None
        record, answer, content_type, bought_at, seconds, cost = row
        return KeptAnswer(record, zlib.decompress(answer), content_type, bought_at, seconds, cost)

    return await asyncio.wrap_future(journal.writer.submit(read))


async def kept_request(journal: Journal, record: int) -> bytes | None:
    """Give the request that a call sent, or None where it was private."""

    def read(connection: sqlite3.Connection) -> bytes | None:
        row = connection.execute("SELECT request FROM bodies WHERE call = ?", (record,)).fetchone()
        return zlib.decompress(row[0]) if row and row[0] else None

    return await asyncio.wrap_future(journal.writer.submit(read))


async def find_vectors(journal: Journal, keys: Sequence[bytes]) -> dict[bytes, KeptVector]:
    """Find the kept vectors among `keys`."""

    def read(connection: sqlite3.Connection) -> dict[bytes, KeptVector]:
        found: dict[bytes, KeptVector] = {}
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            marks = ",".join("?" * len(some))
            rows = connection.execute(
                f"SELECT key, vector, tokens FROM vectors WHERE key IN ({marks})",  # noqa: S608 - only question marks
                some,
            )
            found.update((key, KeptVector(key, vector, tokens)) for key, vector, tokens in rows)
        return found

    return await asyncio.wrap_future(journal.writer.submit(read))


def spent(journal: Journal, *, session: str | None = None, since: float = 0.0) -> Spend:
    """Sum what was spent, by one session or by all, since a time (seconds since 1970, UTC)."""

    def read(connection: sqlite3.Connection) -> Spend:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE state IN ('done','partial')),"
            " coalesce(sum(coalesce(prompt_tokens,0)+coalesce(completion_tokens,0)),0),"
            " coalesce(sum(cost),0),"
            " count(*) FILTER (WHERE state IN ('done','partial') AND cost IS NULL),"
            " count(*) FILTER (WHERE state = 'possibly_paid'),"
            " coalesce(sum(cost_bound) FILTER (WHERE state = 'possibly_paid'),0)"
            " FROM calls WHERE sent_at >= ? AND (? IS NULL OR session = ?)",
            (since, session, session),
        ).fetchone()
        return Spend(*row)

    return journal.writer.submit(read).result()


def tell_once(journal: Journal, name: str) -> bool:
    """Tell whether a note has never been shown from this journal, and mark it as shown."""

    def write(connection: sqlite3.Connection) -> bool:
        cursor = connection.execute(
            "INSERT INTO notes (name, value) VALUES (?, '1') ON CONFLICT DO NOTHING", (name,)
        )
        return cursor.rowcount == 1

    return journal.writer.submit(write).result()


def settle_orphans(journal: Journal) -> int:
    """
    Mark what a dead kernel of this machine had sent as possibly paid, keeping what had come.

    Returns how many calls that were.
    """
    host = journal._owner.rpartition(":")[0]  # noqa: SLF001 - one room

    def write(connection: sqlite3.Connection) -> int:
        rows = connection.execute(
            "SELECT id, owner FROM calls WHERE state = 'sent' AND session <> ?", (journal.session,)
        ).fetchall()
        settled = 0
        for record, owner in rows:
            name, _, pid = owner.rpartition(":")
            if name != host or (pid.isdigit() and _alive(int(pid))):
                continue
            pieces = connection.execute(
                "SELECT data FROM pieces WHERE call = ? ORDER BY id", (record,)
            ).fetchall()
            if pieces:
                connection.execute(
                    "UPDATE bodies SET answer = ?, content_type = 'text/event-stream'"
                    " WHERE call = ?",
                    (zlib.compress(b"".join(p[0] for p in pieces), 1), record),
                )
                connection.execute("DELETE FROM pieces WHERE call = ?", (record,))
            connection.execute(
                "UPDATE calls SET state = 'possibly_paid',"
                " error = 'the kernel ended before the answer was kept' WHERE id = ?",
                (record,),
            )
            settled += 1
        return settled

    return journal.writer.submit(write).result()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
