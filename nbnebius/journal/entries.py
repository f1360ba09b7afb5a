"""
What is written of one attempt: before it leaves, and when it has ended.

Claims are settled here too, inside the transaction that enters the intent: of two kernels that want
the same, only one enters it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from nbnebius.errors import JournalError
from nbnebius.journal.lasting import Lasting
from nbnebius.journal.packing import pack, unpack
from nbnebius.journal.presence import is_dead

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from nbnebius.events import Intent, Outcome

NEVER_SENT = "it was not sent: the journal could not be written"
LOST = "the kernel ended before the answer was kept"


class Keeper(Protocol):
    """Whose attempts are entered: a `Journal`."""

    session: str
    owner: str
    running: dict[int, bool]
    unwritten: set[int]

    @property
    def path(self) -> Path:
        """The journal's file."""


class Entry(Lasting):
    """
    An intent on its way into the journal: its result is the record's number, None where claimed.

    A disk that fails may have kept it all the same. Nothing is sent then, and with the next commit
    that succeeds it is entered as never sent.
    """

    def __init__(self, intent: Intent, attempt: int, keeper: Keeper) -> None:
        super().__init__(self._enter)
        self._intent = intent
        self._keeper = keeper
        self._call: int | None = None
        self._taken_back = False
        self._at = time.time()
        self._row = (
            intent.key,
            intent.kind,
            intent.service,
            intent.model,
            attempt,
            keeper.session,
            intent.place,
            keeper.owner,
            self._at,
            int(intent.private),
            intent.cost_bound,
            intent.characters,
            intent.thread,
            intent.turn,
        )
        self._request = b"" if intent.private or not intent.request else pack(intent.request)

    def _enter(self, connection: sqlite3.Connection) -> int | None:
        intent, keeper = self._intent, self._keeper
        if self._taken_back:
            connection.execute(
                "UPDATE calls SET state = 'failed', ended_at = ?, error = ?"
                " WHERE key = ? AND session = ? AND sent_at = ? AND state = 'sent'",
                (time.time(), NEVER_SENT, intent.key, keeper.session, self._at),
            )
            return None
        if intent.claim is not None and is_taken(connection, intent.key, intent.claim, keeper):
            return None
        cursor = connection.execute(
            "INSERT INTO calls (key, kind, service, model, state, attempt, session, place,"
            " owner, sent_at, private, cost_bound, characters, thread, turn)"
            " VALUES (?,?,?,?,'sent',?,?,?,?,?,?,?,?,?,?)",
            self._row,
        )
        self._call = call = cursor.lastrowid
        assert call is not None
        if self._request:
            connection.execute(
                "INSERT INTO bodies (call, request) VALUES (?, ?)", (call, self._request)
            )
        # noted here, where the next claim is settled: the loop hears of it only after the commit
        keeper.running[call] = intent.private
        return call

    def missed(self, error: Exception) -> bool:
        """Let go of it: whoever wants the same must not wait for what will never be sent."""
        if self._call is None:
            return False
        if not self._taken_back:
            self._keeper.running.pop(self._call, None)
        self._taken_back, self._request = True, b""
        return super().missed(error)


class Ending(Lasting):
    """How an attempt ended: until that is on disk, the attempt counts as running."""

    def __init__(
        self, write: Callable[[sqlite3.Connection], None], record: int, keeper: Keeper
    ) -> None:
        super().__init__(write)
        self._record = record
        self._keeper = keeper

    def landed(self) -> None:
        """Let claims go by what is on disk."""
        # not before: until it says "done" there, another claim would find it given up
        self._give_up()

    def missed(self, error: Exception) -> bool:
        """Keep it for the next try; what cannot be written at all is in doubt from now on."""
        again = super().missed(error)
        if again:
            self._keeper.unwritten.add(self._record)
        else:
            self._give_up()
        return again

    def _give_up(self) -> None:
        self._keeper.unwritten.discard(self._record)
        self._keeper.running.pop(self._record, None)


def ending(record: int, outcome: Outcome, keeper: Keeper) -> Ending:
    """Give what enters how an attempt ended, with the raw answer unless it is private."""
    private = keeper.running.get(record, False)
    answer = pack(outcome.body) if outcome.body and not private else None
    keeps = outcome.state in {"done", "partial", "possibly_paid"}
    row = (
        outcome.state,
        time.time(),
        outcome.status,
        outcome.request_id,
        outcome.error,
        record,
    )

    def write(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE calls SET state=?, ended_at=?, status=?, request_id=?, error=?, lease=NULL"
            " WHERE id=?",
            row,
        )
        connection.execute("DELETE FROM pieces WHERE call=?", (record,))
        if keeps and answer:
            # Where no request is kept, the key stands there: it proves whose answer this is.
            connection.execute(
                "INSERT INTO bodies (call, request, answer, content_type)"
                " SELECT id, key, ?, ? FROM calls WHERE id=? AND private=0"
                " ON CONFLICT (call) DO UPDATE SET answer=excluded.answer,"
                " content_type=excluded.content_type",
                (answer, outcome.content_type, record),
            )

    return Ending(write, record, keeper)


def is_taken(connection: sqlite3.Connection, key: bytes, newest: int, keeper: Keeper) -> bool:
    """
    Tell whether somebody has bought a thing since `newest`, or is about to.

    What was bought and is not there any more (purged, or damaged) is not taken: nobody could be
    answered from it.

    Raises
    ------
    JournalError
        Its answer has come, and could not be written yet.
    """
    found = connection.execute(
        "SELECT calls.id, state, session, answer FROM calls LEFT JOIN bodies ON call = calls.id"
        " WHERE key = ? AND state IN ('done', 'sent')",
        (key,),
    ).fetchall()
    for record, state, session, answer in found:
        if state == "done":
            if record > newest and answer is not None and unpack(answer) is not None:
                return True
        elif session == keeper.session:
            if record in keeper.unwritten:
                raise JournalError(
                    "An answer that came cannot be written, so the same is not asked again",
                    hint="free some space and run it again: the answer is still in memory",
                )
            if record in keeper.running:
                return True
        elif is_dead(keeper.path, session):
            settle(connection, session)
        else:
            return True
    return False


def settle(connection: sqlite3.Connection, session: str) -> int:
    """Mark what a dead session had sent as possibly paid, keeping what had come of streams."""
    calls = connection.execute(
        "SELECT id FROM calls WHERE state = 'sent' AND session = ?", (session,)
    ).fetchall()
    for (call,) in calls:
        pieces = connection.execute(
            "SELECT data FROM pieces WHERE call = ? ORDER BY id", (call,)
        ).fetchall()
        if pieces:
            connection.execute(
                "INSERT INTO bodies (call, answer, content_type) VALUES (?, ?, 'text/event-stream')"
                " ON CONFLICT (call) DO UPDATE SET answer = excluded.answer,"
                " content_type = excluded.content_type",
                (call, pack(b"".join(data for (data,) in pieces))),
            )
            connection.execute("DELETE FROM pieces WHERE call = ?", (call,))
        connection.execute(
            "UPDATE calls SET state = 'possibly_paid', error = ? WHERE id = ?", (LOST, call)
        )
    return len(calls)
