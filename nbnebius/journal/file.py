"""
The journal's file: made with the right modes, checked, and replaced where it is damaged.

Only a file whose content makes no sense is replaced, by a new one with all of its rows that can
still be read; the damaged one is kept. A file that is locked, read-only or on a full disk stays
where it is, and is an error.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING

from nbnebius.errors import JournalError
from nbnebius.journal.holder import HeldConnection, held_by
from nbnebius.journal.place import file_system, is_exclusive, on_network
from nbnebius.journal.presence import others_live
from nbnebius.journal.schema import (
    APPLICATION,
    COLUMNS,
    MIGRATIONS,
    TABLES,
    VERSION,
    statements,
    what_acts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbnebius.journal.salvage import Saved

CHECK_UP_TO = 256 * 1024 * 1024  # bytes; a larger file would be felt at every start
UNDO = 16 * 2**20  # bytes that stay of what a commit could undo
PATIENCE = 30.0  # seconds to wait for another kernel's commit
PATIENCE_ALONE = 2.0  # and for one that holds the file as long as it lives
# How SQLite says that what it read makes no sense; a plain "error" is a table that is not there, or
# there already, against what the file says of itself.
DAMAGED = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_CONSTRAINT,
    }
)
BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
NEWEST = 1000  # a schema above that was never written by anyone


class _DamagedError(Exception):
    """The file's content makes no sense."""


def open_journal(path: Path) -> tuple[sqlite3.Connection, str]:
    """
    Open the journal, making or setting it aside as needed.

    Returns
    -------
    tuple
        The connection and a note for the user ("" where there is nothing to say).

    Raises
    ------
    JournalError
        The file belongs to someone else, was written by a newer version, or cannot be opened.
    """
    try:
        connection, note = _open_or_mend(path)
    except (OSError, sqlite3.Error, _DamagedError) as error:
        if isinstance(error, sqlite3.Error) and _code(error) in BUSY and (who := held_by(path)):
            raise who from None
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise JournalError(
            "The journal cannot be opened",
            why=f"{reason}: {path}",
            hint="set NBNEBIUS_HOME to a folder you can write to",
        ) from None
    if on_network(path):
        place = (
            f"the journal is on a network file system ({file_system(path)}), so one kernel at a "
            "time can use it; NBNEBIUS_HOME names another folder"
        )
        note = f"{note}; {place}" if note else place
    return connection, note


def _open_or_mend(path: Path) -> tuple[sqlite3.Connection, str]:
    with contextlib.suppress(_DamagedError):
        return _open(path), ""
    with _alone(path):
        # Another kernel may have mended it by now.
        try:
            return _open(path), ""
        except _DamagedError:
            aside, saved = _mend(path)
    note = (
        f"the journal was damaged; it is kept as {aside.name}, and {saved.calls:,} calls with "
        f"{saved.answers:,} answers and {saved.vectors:,} vectors could be read from it and are "
        "in the new one"
        if saved.calls or saved.vectors
        else f"the journal was damaged and nothing in it could be read; it is kept as {aside.name} "
        "and a new one is begun"
    )
    if others_live(path):
        note += "; restart the other kernels that have it open: they still write to the damaged one"
    return _open(path), note


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one kernel mend at a time, where the system has locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    lock = os.open(path.with_name(f"{path.name}.mending"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _mend(path: Path) -> tuple[Path, Saved]:
    """Build a new file of what can be read, and put it in the damaged one's place."""
    from nbnebius.journal.salvage import salvage

    fresh = path.with_name(f"{path.name}.new-{os.getpid()}")
    _remove(fresh)
    try:
        connection = _open(fresh, exclusive=False)
        try:
            saved = salvage(path, connection)
            connection.execute("PRAGMA journal_mode=DELETE")  # so that nothing is left beside it
        finally:
            connection.close()
        return _put_in_place(fresh, path), saved
    except BaseException:
        _remove(fresh)
        raise


def _remove(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}-journal")):
        each.unlink(missing_ok=True)


def _open(path: Path, *, exclusive: bool | None = None) -> sqlite3.Connection:
    _prepare(path)
    alone = is_exclusive(path) if exclusive is None else exclusive
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        timeout=min(PATIENCE, PATIENCE_ALONE) if alone else PATIENCE,
        check_same_thread=False,
        factory=HeldConnection if alone else sqlite3.Connection,
    )
    try:
        if isinstance(connection, HeldConnection):
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        _check(connection, path)
        if isinstance(connection, HeldConnection):
            connection.hold(path)
    except BaseException as error:
        connection.close()
        if isinstance(error, UnicodeError) or (
            isinstance(error, sqlite3.Error) and _code(error) in DAMAGED
        ):
            raise _DamagedError(str(error)) from None
        raise
    return connection


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def _put_in_place(fresh: Path, path: Path) -> Path:
    """Give a damaged file a free name of its own, and its name to the new one."""
    stamp, number = int(time.time()), 0
    while True:
        aside = path.with_name(f"{path.name}.damaged-{stamp}{f'-{number}' if number else ''}")
        if not aside.exists():
            break
        number += 1
    # A half-done commit of the damaged file must not be rolled back into the new one.
    with contextlib.suppress(FileNotFoundError):
        path.with_name(f"{path.name}-journal").replace(aside.with_name(f"{aside.name}-journal"))
    try:
        os.link(path, aside)  # so that at no moment there is no file
    except OSError:
        path.replace(aside)
    fresh.replace(path)
    return aside


def _prepare(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        status = os.fstat(descriptor)
        if hasattr(os, "getuid") and status.st_uid != os.getuid():
            raise JournalError(
                "The journal belongs to another user",
                why=str(path),
                hint="set NBNEBIUS_HOME to a folder of your own",
            )
        if status.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA trusted_schema=OFF")
    _refuse_newer(connection, path)
    if acts := what_acts(connection):
        raise _DamagedError(f"it holds {acts}, which could undo what is committed")
    _refuse_strange_header(path, connection.execute("PRAGMA page_size").fetchone()[0])
    # A rollback journal whose header is wiped by each commit, and synced: a third of the time that
    # deleting it takes, and no later power cut brings it back.
    connection.execute("PRAGMA journal_mode=PERSIST")
    connection.execute(f"PRAGMA journal_size_limit={UNDO}")
    connection.execute("PRAGMA synchronous=FULL")
    _make_tables(connection)
    for table, columns in COLUMNS.items():  # an error where one is not there
        connection.execute(f"SELECT {','.join(columns)} FROM {table} LIMIT 0")  # noqa: S608 - our own tables
    if path.stat().st_size <= CHECK_UP_TO:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _DamagedError(verdict)


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not 0 <= version <= NEWEST:
        raise _DamagedError(f"schema {version}")
    if version > VERSION:
        raise JournalError(
            "The journal was written by a newer version of nbnebius",
            why=f"{path} has schema {version}, this version knows {VERSION}",
            hint="upgrade nbnebius, or set NBNEBIUS_HOME to another folder",
        )


def _refuse_strange_header(path: Path, page: int) -> None:
    # SQLite takes a file of a later format for one that may only be read, and fills up a last page
    # that was cut short with zeros.
    if over := path.stat().st_size % page:
        raise _DamagedError(f"the last page has {over} bytes")
    with path.open("rb") as file:
        formats = file.read(20)[18:]
    if formats and not {*formats} <= {1, 2}:
        raise _DamagedError(f"format {formats.hex()}")


def _make_tables(connection: sqlite3.Connection) -> None:
    # Only a file that is still empty takes this: space that is free can then be given back.
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    # Two kernels may come here at once; the second finds the tables of the first.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        scripts = [] if version else [TABLES]
        scripts += [MIGRATIONS[n] for n in MIGRATIONS if n > version]
        for statement in (each for script in scripts for each in statements(script)):
            if version:
                _run_once(connection, statement)
            else:
                connection.execute(statement)
        if version < VERSION:
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _run_once(connection: sqlite3.Connection, statement: str) -> None:
    """Run a statement of a migration, unless what it adds is there: the version says too little."""
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        if "duplicate column name" not in str(error) and "already exists" not in str(error):
            raise
