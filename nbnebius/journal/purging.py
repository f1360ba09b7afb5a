"""
Make room: kept requests, answers and vectors go; what calls cost stays, unless that is to go too.

It is done in slices, each a commit of its own, so that other work and other kernels come between.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.journal.file import UNDO
from nbnebius.journal.turns import count_old_imports, forget_empty, forget_said

if TYPE_CHECKING:
    from pathlib import Path

    from nbnebius.journal.journal import Journal

SLICE = 1000  # rows per commit
PAGES = 4096  # pages that are given back per commit
PATIENCE = 5.0  # seconds to wait until nobody uses the file
INCREMENTAL = 2  # how SQLite calls a file that can give pages back

_OLD = "calls.state NOT IN ('sent', 'batched') AND calls.sent_at < ?"
_OLD_BODIES = f"FROM bodies JOIN calls ON calls.id = bodies.call WHERE {_OLD}"
_OLD_ANSWERS = f"{_OLD_BODIES} AND kind <> 'embedding'"
_OLD_TEXTS = f"{_OLD_BODIES} AND kind = 'embedding'"  # what vectors were made of
# A vector whose call is not known is as old as the file.
_OLD_VECTORS = (
    f"FROM vectors LEFT JOIN calls ON calls.id = vectors.call WHERE calls.id IS NULL OR ({_OLD})"
)


@dataclass(frozen=True, slots=True)
class Waste:
    """
    What is to go: of all calls before a moment (seconds since 1970, UTC) that do not run.

    `answers` are answers with their requests, and what was said in threads; `vectors` are vectors
    with the texts they were made of; `ledger` is the calls themselves and the reuses.
    """

    before: float = float("inf")
    answers: bool = True
    vectors: bool = True
    ledger: bool = False


@dataclass(frozen=True, slots=True)
class Purged:
    """
    What goes, or went: counts, and bytes.

    Attributes
    ----------
    note
        Why the file did not become smaller, or where else something lies; else "".
    """

    answers: int = 0
    vectors: int = 0
    calls: int = 0
    bytes: int = 0
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.answers or self.vectors or self.calls or self.bytes)


def purgeable(journal: Journal, waste: Waste) -> Purged:
    """Count what would go; `bytes` is what it takes, without the rows around it."""

    def read(connection: sqlite3.Connection) -> Purged:
        def one(sql: str) -> Any:
            return connection.execute(sql, (waste.before,)).fetchone()

        length = (
            "count(*), coalesce(sum(coalesce(length(request), 0) + coalesce(length(answer), 0)), 0)"
        )
        answers = vectors = calls = size = 0
        if waste.answers:
            answers, size = one(f"SELECT {length} {_OLD_ANSWERS}")
            imported, more = count_old_imports(connection, waste.before)
            answers, size = answers + imported, size + more
        if waste.vectors:
            size += one(f"SELECT {length} {_OLD_TEXTS}")[1]
            vectors, more = one(f"SELECT count(*), coalesce(sum(length(vector)), 0) {_OLD_VECTORS}")
            size += more
        if waste.ledger:
            calls = one(f"SELECT count(*) FROM calls WHERE {_OLD}")[0]  # noqa: S608 - likewise
            calls += one("SELECT count(*) FROM reuses WHERE at < ?")[0]
        return Purged(answers, vectors, calls, size)

    return journal.writer.submit(read).result()


def purge(journal: Journal, waste: Waste) -> Purged:
    """
    Delete it and give the space back.

    Returns what went; `bytes` is by how much the file became smaller.
    """
    before = journal.path.stat().st_size
    answers = vectors = calls = 0
    if waste.answers:
        chosen = f"SELECT bodies.call {_OLD_ANSWERS}"
        answers = _delete(journal, "bodies", "call", chosen, waste.before)
        answers += _forget_turns(journal, waste)
    if waste.vectors:
        texts = f"SELECT bodies.call {_OLD_TEXTS}"
        _delete(journal, "bodies", "call", texts, waste.before)
        chosen = f"SELECT vectors.id {_OLD_VECTORS}"
        vectors = _delete(journal, "vectors", "id", chosen, waste.before)
    if waste.ledger:
        chosen = f"SELECT id FROM calls WHERE {_OLD}"  # noqa: S608 - likewise
        calls = _delete(journal, "calls", "id", chosen, waste.before)
        calls += _delete(
            journal, "reuses", "id", "SELECT id FROM reuses WHERE at < ?", waste.before
        )
    note = give_back(journal)
    _forget_undo(journal)
    freed = max(0, before - journal.path.stat().st_size)
    notes = [note, _damaged_ones(journal.path)]
    return Purged(answers, vectors, calls, freed, "; ".join(filter(None, notes)))


def _delete(journal: Journal, table: str, key: str, chosen: str, before: float) -> int:
    def write(connection: sqlite3.Connection) -> int:
        # What was deleted does not stay readable in the file's free space.
        connection.execute("PRAGMA secure_delete=ON")
        cursor = connection.execute(
            f"DELETE FROM {table} WHERE {key} IN ({chosen} LIMIT {SLICE})",  # noqa: S608 - our own words
            (before,),
        )
        return cursor.rowcount

    total = 0
    while gone := journal.writer.submit(write).result():
        total += gone
    return total


def _forget_turns(journal: Journal, waste: Waste) -> int:
    """Forget what was said in threads, as far as its answers went; imported turns likewise."""

    def write(connection: sqlite3.Connection) -> int:
        connection.execute("PRAGMA secure_delete=ON")
        imported = forget_said(connection, waste.before)
        if waste.ledger:
            forget_empty(connection)
        return imported

    return journal.writer.submit(write).result()


def _forget_undo(journal: Journal) -> None:
    """Empty the file of what could be undone: it still holds what was deleted."""

    def empty(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_size_limit=0")
        # A commit, which empties it. A newer kernel may have raised the version meanwhile.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version={version}")

    def again(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA journal_size_limit={UNDO}")

    journal.writer.submit(empty).result()
    journal.writer.submit(again).result()


def give_back(journal: Journal) -> str:
    """Give free pages back to the disk; say why, where that could not be done."""

    def mode(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA auto_vacuum").fetchone()[0])

    def shrink(connection: sqlite3.Connection) -> int:
        connection.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])

    if journal.writer.submit(mode).result() != INCREMENTAL and not _rebuild(journal.path):
        return (
            "the file keeps its size for now, because it is in use elsewhere; the space in it is "
            "used again, and a later purge gives it back"
        )
    free = None
    while (left := journal.writer.submit(shrink).result()) and left != free:
        free = left
    return ""


def _rebuild(path: Path) -> bool:
    """Write a file of an older version anew, so that it can give pages back; once."""
    with contextlib.closing(
        sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
    ) as connection:
        try:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("VACUUM")
        except sqlite3.OperationalError:
            return False
    return True


def _damaged_ones(path: Path) -> str:
    """Name the damaged files that were kept: what they hold is not purged."""
    names = sorted(
        each.name
        for each in path.parent.glob(f"{path.name}.damaged-*")
        if not each.name.endswith("-journal")
    )
    return f"damaged files from before are still there: {', '.join(names)}" if names else ""
