"""Readings of the journal: answers that are kept, money that was spent, notes to the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.journal.entries import settle
from nbnebius.journal.journal import Journal, KeptVector
from nbnebius.journal.packing import unpack
from nbnebius.journal.presence import forget_the_dead, is_dead
from nbnebius.types.record import Record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


UNFILED = 50  # answers of embeddings that are read at a time


class KeptAnswer(Record, frozen=True):
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


class Spend(Record, frozen=True):
    """
    What was spent: calls, tokens and USD, and what is possibly paid besides.

    `unpriced` counts calls whose price is unknown; `in_doubt` is the highest price, in USD, of
    calls that were sent and have no committed answer: `doubtful` of them, of which `unbounded`
    have no known highest price.
    """

    calls: int
    tokens: int
    cost: float
    unpriced: int
    doubtful: int
    in_doubt: float
    unbounded: int = 0


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
        body = unpack(answer)
        if body is None:
            return None
        return KeptAnswer(record, body, content_type, bought_at, seconds, cost)

    return await journal.committed(read)


async def kept_request(journal: Journal, record: int) -> bytes | None:
    """Give the request that a call sent, or None where it was private."""

    def read(connection: sqlite3.Connection) -> bytes | None:
        row = connection.execute("SELECT request FROM bodies WHERE call = ?", (record,)).fetchone()
        return unpack(row[0]) if row and row[0] else None

    return await journal.committed(read)


async def kept_place(journal: Journal, record: int) -> str:
    """Give the cell that bought an answer, as `Intent.place` named it; "" for none."""

    def read(connection: sqlite3.Connection) -> str:
        row = connection.execute("SELECT place FROM calls WHERE id = ?", (record,)).fetchone()
        return str(row[0] or "") if row else ""

    return await journal.committed(read)


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

    return await journal.committed(read)


async def known_vectors(journal: Journal, keys: Sequence[bytes]) -> set[bytes]:
    """Tell which of `keys` have a kept vector, without reading it."""

    def read(connection: sqlite3.Connection) -> set[bytes]:
        found: set[bytes] = set()
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            marks = ",".join("?" * len(some))
            rows = connection.execute(f"SELECT key FROM vectors WHERE key IN ({marks})", some)  # noqa: S608 - only question marks
            found.update(key for (key,) in rows)
        return found

    return await journal.committed(read)


async def unfiled_embeddings(
    journal: Journal, service: str, model: str, after: int = 0
) -> list[tuple[int, bytes, bytes]]:
    """
    Find embeddings that were paid for and whose vectors were never filed, text by text.

    An interrupt or a crash between the answer's commit and its reading leaves them behind. Each
    comes as its record, the request and the answer: the first few after a record.
    """

    def read(connection: sqlite3.Connection) -> list[tuple[int, bytes, bytes]]:
        rows = connection.execute(
            "SELECT calls.id, request, answer FROM calls JOIN bodies ON bodies.call = calls.id"
            " WHERE kind = 'embedding' AND service = ? AND model = ? AND state = 'done'"
            " AND request IS NOT NULL AND answer IS NOT NULL AND calls.id > ?"
            " ORDER BY calls.id LIMIT ?",
            (service, model, after, UNFILED),
        ).fetchall()
        unpacked = ((record, unpack(request), unpack(answer)) for record, request, answer in rows)
        return [(record, asked, came) for record, asked, came in unpacked if asked and came]

    return await journal.committed(read)


def spent(
    journal: Journal, *, session: str | None = None, since: float = 0.0, sandbox: bool | None = None
) -> Spend:
    """
    Sum what was spent.

    Parameters
    ----------
    session
        By one session, or by all.
    since
        Seconds since 1970, UTC.
    sandbox
        Only the play money of sandboxes, or only real money; None is both.
    """

    def read(connection: sqlite3.Connection) -> Spend:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE state IN ('done','partial')),"
            " coalesce(sum(coalesce(prompt_tokens,0)+coalesce(completion_tokens,0)),0),"
            " coalesce(sum(cost),0),"
            " count(*) FILTER (WHERE state IN ('done','partial') AND cost IS NULL),"
            " count(*) FILTER (WHERE state = 'possibly_paid'),"
            " coalesce(sum(cost_bound) FILTER (WHERE state = 'possibly_paid'),0),"
            " count(*) FILTER (WHERE state = 'possibly_paid' AND cost_bound IS NULL)"
            " FROM calls WHERE sent_at >= ? AND (? IS NULL OR session = ?)"
            " AND (? IS NULL OR (service LIKE 'sandbox:%') = ?)",
            (since, session, session, sandbox, sandbox),
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
    Mark what a dead session had sent as possibly paid, keeping what had come.

    Returns how many calls that were. A session that is alive, in this process or another, is left
    alone.
    """

    def write(connection: sqlite3.Connection) -> int:
        running = connection.execute(
            "SELECT DISTINCT session FROM calls WHERE state = 'sent' AND session <> ?",
            (journal.session,),
        ).fetchall()
        dead = [session for (session,) in running if is_dead(journal.path, session)]
        return sum(settle(connection, session) for session in dead)

    settled = journal.writer.submit(write).result()
    forget_the_dead(journal.path)
    return settled
