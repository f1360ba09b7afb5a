"""
What lies in a journal, read from outside while nobody writes it.

What a row bought is told by its answer: the paying server writes the name of the question into it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import sqlite3
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED = re.compile(rb'"id": ?"chatcmpl-([0-9a-f]{32})"')


@dataclass(frozen=True, slots=True)
class Call:
    """
    One row of ``calls``.

    Attributes
    ----------
    id, key, state
        As they stand there.
    sold
        The server's name for what was bought, "" where there is no answer.
    answer
        A digest of the kept answer, "" where there is none.
    """

    id: int
    key: bytes
    state: str
    sold: str = ""
    answer: str = ""


def read_calls(journal: Path) -> list[Call]:
    """Read every call; none where there is no journal yet."""
    if not journal.exists() or journal.stat().st_size == 0:
        return []
    with _as_the_next_kernel_finds_it(journal) as path:
        connection = sqlite3.connect(path)
        try:
            has_tables = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN ('calls', 'bodies')"
            ).fetchone()[0]
            if has_tables < 2:
                return []
            rows = connection.execute(
                "SELECT id, key, state, answer FROM calls LEFT JOIN bodies ON call = id ORDER BY id"
            ).fetchall()
        finally:
            connection.close()
    return [_call(*row) for row in rows]


def select(journal: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask a journal at rest; nothing where it has no tables yet."""
    if not journal.exists() or journal.stat().st_size == 0:
        return []
    with (
        _as_the_next_kernel_finds_it(journal) as path,
        contextlib.closing(sqlite3.connect(path)) as connection,
    ):
        return connection.execute(query).fetchall()


def integrity(journal: Path) -> str:
    """Have SQLite check all of a journal: ``ok``, or what is wrong first."""
    rows = select(journal, "PRAGMA integrity_check(1)")
    return str(rows[0][0]) if rows else "ok"


def _call(number: int, key: bytes, state: str, packed: bytes | None) -> Call:
    if packed is None:
        return Call(number, key, state)
    # short bodies lie there as they came, behind a zero
    found = _NAMED.search(packed if packed[:1] == b"\0" else zlib.decompress(packed))
    digest = hashlib.blake2b(packed, digest_size=8).hexdigest()
    return Call(number, key, state, found[1].decode() if found else "", digest)


@contextlib.contextmanager
def _as_the_next_kernel_finds_it(journal: Path) -> Iterator[Path]:
    """Give a copy with the half-done commit beside it: reading rolls that back, in the copy."""
    with tempfile.TemporaryDirectory(prefix="nbnebius-journal-") as folder:
        copy = Path(folder) / journal.name
        shutil.copyfile(journal, copy)
        beside = journal.with_name(f"{journal.name}-journal")
        if beside.exists():
            shutil.copyfile(beside, copy.with_name(beside.name))
        yield copy
