"""Whether space that is freed in the journal's file is overwritten with zeros."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

INCREMENTAL = 2
"""How SQLite names a file whose free pages can be given back to the disk."""

_NEW_WRITES_ONLY = 2


@contextlib.contextmanager
def as_it_is(connection: sqlite3.Connection) -> Iterator[None]:
    """
    Leave pages that are freed as they are, for what stays kept in another form.

    Many builds of SQLite overwrite them, which writes each page twice more. A purge gives all free
    pages back to the disk; a file that cannot is overwritten as ever.
    """
    (vacuum,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if vacuum != INCREMENTAL:
        yield
        return
    (before,) = connection.execute("PRAGMA secure_delete").fetchone()
    connection.execute(f"PRAGMA secure_delete={_NEW_WRITES_ONLY}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA secure_delete={before}")
