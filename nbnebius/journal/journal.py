"""
The journal: every paid request's intent before it is sent, its raw answer before it is read.

It is the `Recorder` that the transport is handed. What was committed is never lost; what was sent
and has no committed answer is possibly paid, and listed.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from nbnebius.errors import JournalError
from nbnebius.journal.packing import pack
from nbnebius.journal.presence import Presence
from nbnebius.journal.writer import Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nbnebius.events import Intent, Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bill:
    """What one call cost: tokens, pictures and USD, each None where unknown."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    images: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class KeptVector:
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
    """

    def __init__(self, path: Path) -> None:
        self.session = uuid.uuid4().hex
        self.writer = Writer(path)
        self._asked: set[tuple[bytes, str]] = set()
        self._owner = f"{platform.node()}:{os.getpid()}"
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

    async def committed(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """
        Run `work` in the journal's next commit and wait for it.

        Cancelling ends the wait only: what was to be written is written.
        """
        return await asyncio.shield(asyncio.wrap_future(self.writer.submit(work)))

    async def sending(self, intent: Intent, attempt: int) -> int:
        """Commit an intent; nothing may be sent before this returns."""
        row = (
            intent.key,
            intent.kind,
            intent.service,
            intent.model,
            attempt,
            self.session,
            intent.place,
            self._owner,
            time.time(),
            int(intent.private),
            intent.cost_bound,
        )
        request = b"" if intent.private else pack(intent.request)

        def write(connection: sqlite3.Connection) -> int:
            cursor = connection.execute(
                "INSERT INTO calls (key, kind, service, model, state, attempt, session, place,"
                " owner, sent_at, private, cost_bound) VALUES (?,?,?,?,'sent',?,?,?,?,?,?,?)",
                row,
            )
            call = cursor.lastrowid
            assert call is not None
            if request:
                connection.execute(
                    "INSERT INTO bodies (call, request) VALUES (?, ?)", (call, request)
                )
            return call

        return await self.committed(write)

    async def received(self, record: int, data: bytes) -> None:
        """Keep a piece of a stream that is still running; a private call's is not kept."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO pieces (call, data) SELECT id, ? FROM calls"
                " WHERE id = ? AND private = 0",
                (data, record),
            )

        await self.committed(write)

    async def ended(self, record: int, outcome: Outcome) -> None:
        """Commit how an attempt ended, with the raw answer."""
        answer = pack(outcome.body) if outcome.body else None
        keeps = outcome.state in {"done", "partial", "possibly_paid"}

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE calls SET state=?, ended_at=?, status=?, request_id=?, error=?, lease=NULL"
                " WHERE id=?",
                (
                    outcome.state,
                    time.time(),
                    outcome.status,
                    outcome.request_id,
                    outcome.error,
                    record,
                ),
            )
            connection.execute("DELETE FROM pieces WHERE call=?", (record,))
            if keeps and answer:
                connection.execute(
                    "INSERT INTO bodies (call, answer, content_type)"
                    " SELECT id, ?, ? FROM calls WHERE id=? AND private=0"
                    " ON CONFLICT (call) DO UPDATE SET answer=excluded.answer,"
                    " content_type=excluded.content_type",
                    (answer, outcome.content_type, record),
                )

        await self.committed(write)

    async def bill(self, record: int, bill: Bill) -> None:
        """Write what a call cost, once its answer could be read."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE calls SET prompt_tokens=?, completion_tokens=?, images=?, cost=?"
                " WHERE id=?",
                (bill.prompt_tokens, bill.completion_tokens, bill.images, bill.cost, record),
            )

        await self.committed(write)

    async def keep_vectors(self, record: int | None, vectors: Sequence[KeptVector]) -> None:
        """Keep vectors per text; the raw answer they came in is then no longer needed."""
        rows = [(v.key, record, v.tokens, v.vector) for v in vectors]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO vectors (key, call, tokens, vector) VALUES (?,?,?,?)"
                " ON CONFLICT (key) DO NOTHING",
                rows,
            )
            connection.execute("UPDATE bodies SET answer=NULL WHERE call=?", (record,))

        await self.committed(write)
