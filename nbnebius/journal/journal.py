"""
The journal: every paid request's intent before it is sent, its raw answer before it is read.

It is the `Recorder` that the transport is handed. What was committed is never lost; what was sent
and has no committed answer is possibly paid, and listed.
"""

from __future__ import annotations

import os
import platform
import time
import uuid
import zlib
from typing import TYPE_CHECKING, TypeVar

from nbnebius.errors import JournalError
from nbnebius.events import Claimed
from nbnebius.journal.entries import Entry, ending
from nbnebius.journal.lasting import Lasting
from nbnebius.journal.presence import Presence
from nbnebius.journal.purse import reserve
from nbnebius.journal.writer import Writer
from nbnebius.types.record import Record

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nbnebius.events import Intent, Outcome
    from nbnebius.journal.purse import Holds, Purse

T = TypeVar("T")

_KEEP_VECTOR = (
    "INSERT INTO vectors (key, call, tokens, vector, checksum) VALUES (?,?,?,?,?)"
    # a model that gives another size than before is another model: the newest counts
    " ON CONFLICT (key) DO UPDATE SET call=excluded.call, tokens=excluded.tokens,"
    " vector=excluded.vector, checksum=excluded.checksum"
    " WHERE length(vectors.vector) <> length(excluded.vector)"
)

STALE = 5.0
"""Seconds after which what other kernels spent is looked up again."""


class Bill(Record, frozen=True):
    """What one call cost: tokens, pictures and USD, each None where unknown."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    images: int | None = None
    cost: float | None = None


class KeptVector(Record, frozen=True):
    """One text's vector (float32, little-endian bytes) and the tokens it was billed at."""

    key: bytes
    vector: bytes
    tokens: float | None


class Journal:
    """
    The user's one journal, opened when the first call needs it.

    Parameters
    ----------
    path
        The file; it is made with mode 0600 in a folder of mode 0700.

    Attributes
    ----------
    session
        A name of its own; who is alive and who is dead is told by it.
    purses
        The budgets in force.
    running
        The records of what is on its way, and whether each is private.
    unwritten
        Those of them that have ended, which could not be written yet: it is tried again with
        whatever is written next.
    at_work
        The numbers of the jobs that this process is sending off.
    pledged
        What batches at the server hold in the budgets, by their jobs' numbers.
    """

    def __init__(self, path: Path) -> None:
        self.session = uuid.uuid4().hex
        self.writer = Writer(path)
        self.purses: list[Purse] = []
        self.owner = f"{platform.node()}:{os.getpid()}"
        self.running: dict[int, bool] = {}
        self.unwritten: set[int] = set()
        self.at_work: set[int] = set()
        self.pledged: dict[int, Holds] = {}
        self._holds: dict[int, Holds] = {}
        self._asked: set[tuple[bytes, str]] = set()
        try:
            self._presence = Presence(path, self.session)
        except OSError as error:
            self.writer.close()
            raise JournalError(
                "The journal cannot be opened",
                why=f"{error.strerror}: {path.parent}",
                hint="set NBNEBIUS_HOME to a folder you can write to",
            ) from None

    @property
    def path(self) -> Path:
        """The file."""
        return self.writer.path

    def first_time(self, key: bytes, place: str) -> bool:
        """Tell whether this session has not asked this from this place before, and note it."""
        asked = (key, place)
        first = asked not in self._asked
        self._asked.add(asked)
        return first

    def close(self) -> None:
        """Commit what is queued and close the file."""
        self.writer.close()
        self._presence.end()

    def committed(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """
        Queue `work` for the journal's next commit; what comes back resolves when it is on disk.

        Cancelling ends the wait only: what was to be written is written.
        """
        return self.writer.queue(work)

    async def sending(self, intent: Intent, attempt: int) -> int:
        """
        Commit an intent; nothing may be sent before this returns.

        Raises
        ------
        Claimed
            The intent makes a claim, and somebody else has bought the same or is about to.
        BudgetReached
            The session's budget has no room for the most it can cost.
        """
        await self._look_up()
        holds = reserve(self.purses, intent.cost_bound)
        try:
            record: int | None = await self.committed(Entry(intent, attempt, self))
            if record is None:
                raise Claimed  # noqa: TRY301 - what was held is let go below
        except BaseException:
            for purse, hold in holds:
                purse.release(hold)
            raise
        if holds:
            self._holds[record] = holds
        return record

    async def _look_up(self) -> None:
        """See every few seconds what other kernels have spent of a budget that is theirs too."""
        now = time.monotonic()
        for purse in self.purses:
            if purse.look_up is not None and now - purse.looked_up > STALE:
                purse.looked_up = now
                purse.spent = await self.committed(purse.look_up)

    def received(self, record: int, data: bytes) -> asyncio.Future[None]:
        """Keep a piece of a stream that is still running; a private call's is not kept."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO pieces (call, data) SELECT id, ? FROM calls"
                " WHERE id = ? AND private = 0",
                (data, record),
            )

        return self.committed(write)

    def ended(self, record: int, outcome: Outcome) -> asyncio.Future[None]:
        """
        Commit how an attempt ended, with the raw answer.

        Where it cannot be written, it counts at its highest price, and stays in memory for the next
        commit that succeeds.
        """
        if outcome.state == "failed":
            for purse, hold in self._holds.pop(record, ()):
                purse.release(hold)
        elif outcome.state == "possibly_paid":
            for purse, hold in self._holds.pop(record, ()):
                purse.settle(hold, None)
        written = self.committed(ending(record, outcome, self))
        if record in self._holds:
            written.add_done_callback(lambda done: self._count_highest(record, done))
        return written

    def _count_highest(self, record: int, written: asyncio.Future[None]) -> None:
        if not written.cancelled() and written.exception() is not None:
            for purse, hold in self._holds.pop(record, ()):
                purse.settle(hold, None)

    def bill(self, record: int, bill: Bill, *, late: bool = False) -> asyncio.Future[None]:
        """
        Write what a call cost, once its answer could be read; what fails is tried again.

        `late`: only where that was not written yet, as whoever asked knew the price better.
        """
        for purse, hold in self._holds.pop(record, ()):
            purse.settle(hold, bill.cost)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE calls SET prompt_tokens=?, completion_tokens=?, images=?, cost=?"
                " WHERE id=? AND (? OR (prompt_tokens IS NULL AND cost IS NULL))",
                (
                    *(bill.prompt_tokens, bill.completion_tokens, bill.images, bill.cost),
                    *(record, not late),
                ),
            )

        return self.committed(Lasting(write))

    def give_up(self, record: int, error: str) -> asyncio.Future[None]:
        """Say of a whole answer that nobody can read it: it counts at its highest price."""
        for purse, hold in self._holds.pop(record, ()):
            purse.settle(hold, None)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE calls SET state='possibly_paid', error=? WHERE id=?", (error, record)
            )

        return self.committed(Lasting(write))

    def keep_vectors(
        self, by_call: Mapping[int | None, Sequence[KeptVector]]
    ) -> asyncio.Future[None]:
        """Keep vectors per text; the raw answers they came in are then no longer needed."""
        rows = {
            record: [(v.key, record, v.tokens, v.vector, zlib.crc32(v.vector)) for v in vectors]
            for record, vectors in by_call.items()
        }

        def write(connection: sqlite3.Connection) -> None:
            # Another kernel may have filed an answer already, or purged it: then it stays so.
            wanted = [call for call in rows if call is None or _stands(connection, call)]
            for call in wanted:
                connection.executemany(_KEEP_VECTOR, rows[call])
            # Pages freed and used again in one commit are copied first, so this comes last.
            connection.executemany(
                "UPDATE bodies SET answer=NULL WHERE call=?", [(call,) for call in wanted]
            )

        return self.committed(write)


def _stands(connection: sqlite3.Connection, call: int) -> bool:
    """Tell whether the raw answer of a call is kept."""
    found = connection.execute(
        "SELECT 1 FROM bodies WHERE call=? AND answer IS NOT NULL", (call,)
    ).fetchone()
    return found is not None
