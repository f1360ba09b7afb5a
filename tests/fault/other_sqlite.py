"""
The journal's own code on another SQLite, whose file system is ours: it records, and it fails.

`apsw` lets Python be the file system below SQLite. `Connection` gives it the face of the standard
library's, so that the journal runs on it unchanged; `installed` puts it in its place.
"""

from __future__ import annotations

import contextlib
import sqlite3
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from nbnebius.journal import file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _translated(error: apsw.Error) -> sqlite3.Error:
    """Give the error that the standard library would have raised."""
    code = getattr(error, "extendedresult", 0) or getattr(error, "result", 0) or 1
    damaged = code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    kind = sqlite3.DatabaseError if damaged else sqlite3.OperationalError
    if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        kind = sqlite3.IntegrityError
    translated = kind(str(error))
    translated.sqlite_errorcode = code
    return translated


class Cursor:
    """What a statement gave: all of its rows are read at once."""

    def __init__(self, connection: apsw.Connection, rows: list[Any]) -> None:
        self._rows = iter(rows)
        self.lastrowid = connection.last_insert_rowid()
        self.rowcount = connection.changes()

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class Connection:
    """The face of `sqlite3.Connection`, as far as the journal uses it."""

    def __init__(self, path: Any, vfs: str, timeout: float) -> None:
        try:
            self._connection = apsw.Connection(str(path), vfs=vfs)
        except apsw.Error as error:
            raise _translated(error) from None
        self._connection.set_busy_timeout(int(timeout * 1000))

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        try:
            rows = list(self._connection.execute(sql, tuple(values)))
        except apsw.Error as error:
            raise _translated(error) from None
        return Cursor(self._connection, rows)

    def executemany(self, sql: str, values: Any) -> Cursor:
        try:
            list(self._connection.executemany(sql, values))
        except apsw.Error as error:
            raise _translated(error) from None
        return Cursor(self._connection, [])

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def installed(vfs: str) -> Iterator[None]:
    """Have every journal that is opened meanwhile run on a file system by name."""

    def connect(path: Any, *, timeout: float = 5.0, **_: Any) -> Connection:
        return Connection(path, vfs, timeout)

    usual = file.sqlite3
    file.sqlite3 = types.SimpleNamespace(**{**vars(sqlite3), "connect": connect})
    try:
        yield
    finally:
        file.sqlite3 = usual


class Disk(apsw.VFS):
    """
    A file system over the machine's own that tells what SQLite does to its files.

    Parameters
    ----------
    name
        How connections ask for it.
    tell
        Is called before each step with the file's name, the step (``try`` to open, ``open`` as a
        new one, ``write``, ``truncate``, ``sync``, ``delete``, ``lock``) and its data; what it
        raises is an error of the disk.
    """

    def __init__(self, name: str, tell: Callable[..., None]) -> None:
        super().__init__(name, "")
        self.tell = tell

    def xOpen(self, name: Any, flags: list[int]) -> OpenFile:  # noqa: N802 - SQLite's name
        return OpenFile(name, flags, self.tell)

    def xDelete(self, name: str, sync: Any) -> None:  # noqa: N802 - likewise
        self.tell(Path(name).name, "delete", sync)
        super().xDelete(name, sync)


class OpenFile(apsw.VFSFile):
    """One open file of a `Disk`."""

    def __init__(self, name: Any, flags: list[int], tell: Callable[..., None]) -> None:
        path = name if isinstance(name, str) else (name.filename() if name else "")
        self._name = Path(path).name
        self._tell = tell
        tell(self._name, "try")
        existed = bool(path) and Path(path).exists()
        super().__init__("", name, flags)
        if not existed:
            tell(self._name, "open")

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - likewise
        self._tell(self._name, "write", offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - likewise
        self._tell(self._name, "truncate", size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802 - likewise
        self._tell(self._name, "sync")
        super().xSync(flags)

    def xLock(self, level: int) -> None:  # noqa: N802 - likewise
        self._tell(self._name, "lock", level)
        super().xLock(level)
