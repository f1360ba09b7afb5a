"""
What must never happen, done on purpose between two kills, for the kill loop to find.

Each plant gets the journal, which nobody writes just then, and the server's books. It takes the
newest answers, which the running job needs.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

from nbnebius.journal.packing import pack, unpack
from tests.fault.journal_reading import read_calls
from tests.fault.ledger import Execution

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 5


def lose(journal: Path, ledger: Path) -> None:
    """Take committed answers away."""
    with contextlib.closing(sqlite3.connect(journal)) as connection, connection:
        rows = connection.execute(
            "SELECT id FROM calls WHERE state = 'done' ORDER BY id DESC LIMIT ?", (COUNT,)
        ).fetchall()
        connection.executemany("DELETE FROM bodies WHERE call = ?", rows)
        connection.executemany("DELETE FROM calls WHERE id = ?", rows)


def change(journal: Path, ledger: Path) -> None:
    """Change what committed answers say."""
    with contextlib.closing(sqlite3.connect(journal)) as connection, connection:
        rows = connection.execute(
            "SELECT call, answer FROM bodies JOIN calls ON id = call WHERE state = 'done'"
            " ORDER BY id DESC LIMIT ?",
            (COUNT,),
        ).fetchall()
        # With a checksum that fits: what does not fit its own is no answer at all.
        bodies = [(call, unpack(body) or b"") for call, body in rows]
        changed = [(pack(body.replace(b'"answer ', b'"changed ')), call) for call, body in bodies]
        connection.executemany("UPDATE bodies SET answer = ? WHERE call = ?", changed)


def buy_again(journal: Path, ledger: Path) -> None:
    """Have the server execute what is kept already."""
    kept = [call.sold for call in read_calls(journal) if call.state == "done"][-COUNT:]
    with ledger.open("ab") as file:
        file.writelines(Execution(time.time(), sold, 10, 10).line() for sold in kept)


PLANTS: dict[str, Callable[[Path, Path], None]] = {
    "lost": lose,
    "changed": change,
    "rebought": buy_again,
}
