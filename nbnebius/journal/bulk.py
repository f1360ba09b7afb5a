"""Readings for many rows at once: what is kept, what is possibly paid, what such calls took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbnebius.journal.packing import unpack

if TYPE_CHECKING:
    import asyncio
    import sqlite3
    from collections.abc import Sequence

    from nbnebius.journal.journal import Journal

SLICE = 5_000
"""Keys that one reading takes: so that whoever writes waits a moment only."""

MARKS = 500
RECENT = 2_000
"""Calls that estimates are made from."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One committed answer: its request's key, its record, the raw answer and its cost in USD."""

    key: bytes
    record: int
    body: bytes
    content_type: str
    cost: float | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """What was sent and has no committed answer: how many requests, and at most how many USD."""

    requests: int
    cost: float
    unbounded: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """
    What a model's calls took by now.

    Attributes
    ----------
    calls
        How many were looked at.
    characters_per_token
        Of what was sent; None where no call tells.
    completion_tokens
        The mean length of an answer; None likewise.
    """

    calls: int
    characters_per_token: float | None
    completion_tokens: float | None


def find_answers(journal: Journal, keys: Sequence[bytes]) -> asyncio.Future[list[KeptRow]]:
    """Find the newest whole answer to each of at most `SLICE` requests, where there is one."""

    def read(connection: sqlite3.Connection) -> list[KeptRow]:
        newest: dict[bytes, KeptRow] = {}
        for some, marks in marked(keys):
            rows = connection.execute(
                "SELECT key, calls.id, answer, content_type, cost"  # noqa: S608 - only question marks
                " FROM calls JOIN bodies ON bodies.call = calls.id"
                f" WHERE key IN ({marks}) AND state = 'done' AND answer IS NOT NULL",
                some,
            )
            for key, record, answer, content_type, cost in rows:
                known = newest.get(key)
                if known is not None and known.record > record:
                    continue
                body = unpack(answer)
                if body is not None:
                    newest[key] = KeptRow(key, record, body, content_type, cost)
        return list(newest.values())

    return journal.committed(read)


def bill_late(
    journal: Journal, bills: Sequence[tuple[int, int, int, float]]
) -> asyncio.Future[None]:
    """
    Enter what answers cost whose kernel ended before it could.

    Parameters
    ----------
    bills
        Record, tokens read, tokens written and USD; a record that was billed stays as it is.
    """
    rows = [(*told, record) for record, *told in bills]

    def write(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "UPDATE calls SET prompt_tokens=?, completion_tokens=?, cost=?"
            " WHERE id=? AND prompt_tokens IS NULL AND cost IS NULL",
            rows,
        )

    return journal.committed(write)


def newest_record(journal: Journal) -> asyncio.Future[int]:
    """Give the number of the newest record there is, 0 where there is none."""

    def read(connection: sqlite3.Connection) -> int:
        newest: int = connection.execute("SELECT coalesce(max(id), 0) FROM calls").fetchone()[0]
        return newest

    return journal.committed(read)


def find_doubt(journal: Journal, keys: Sequence[bytes]) -> asyncio.Future[Doubt]:
    """Sum what is possibly paid for at most `SLICE` requests."""

    def read(connection: sqlite3.Connection) -> Doubt:
        found = [0, 0.0, 0]
        for some, marks in marked(keys):
            row = connection.execute(
                "SELECT count(*), coalesce(sum(cost_bound), 0),"  # noqa: S608 - only question marks
                " count(*) FILTER (WHERE cost_bound IS NULL)"
                f" FROM calls WHERE key IN ({marks}) AND state = 'possibly_paid'",
                some,
            ).fetchone()
            found = [a + b for a, b in zip(found, row, strict=True)]
        return Doubt(int(found[0]), found[1], int(found[2]))

    return journal.committed(read)


def history(journal: Journal, service: str, model: str, kind: str) -> asyncio.Future[History]:
    """Tell what a model's latest calls took."""

    def read(connection: sqlite3.Connection) -> History:
        row = connection.execute(
            "SELECT count(*), sum(characters), sum(prompt_tokens), avg(completion_tokens) FROM ("
            " SELECT characters, prompt_tokens, completion_tokens FROM calls"
            " WHERE id > (SELECT coalesce(max(id), 0) FROM calls) - ?"
            " AND service = ? AND model = ? AND kind = ? AND state = 'done'"
            " AND prompt_tokens > 0 AND characters > 0)",
            (RECENT, service, model, kind),
        ).fetchone()
        calls, characters, prompt_tokens, completion_tokens = row
        ratio = characters / prompt_tokens if prompt_tokens else None
        return History(calls, ratio, completion_tokens)

    return journal.committed(read)


def marked(keys: Sequence[bytes]) -> list[tuple[Sequence[bytes], str]]:
    """Cut keys into parts that one statement takes, each with its question marks."""
    parts = [keys[start : start + MARKS] for start in range(0, len(keys), MARKS)]
    return [(part, ",".join("?" * len(part))) for part in parts]
