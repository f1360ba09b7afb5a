"""
The journal's file: made with the right modes, checked, and set aside where it is damaged.

Only a file that SQLite itself calls damaged is set aside. One that is locked, read-only or on a
full disk stays where it is, and is an error.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING

from nbnebius.errors import JournalError
from nbnebius.journal.schema import APPLICATION, MIGRATIONS, TABLES, VERSION, statements

if TYPE_CHECKING:
    from pathlib import Path

CHECK_UP_TO = 256 * 1024 * 1024  # bytes; a larger file would be felt at every start
PATIENCE = 30.0  # seconds to wait for another kernel's commit
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


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
        try:
            return _open(path), ""
        except _DamagedError:
            aside = _set_aside(path)
            note = f"the journal was damaged; it is kept as {aside.name} and a new one is begun"
            return _open(path), note
    except (OSError, sqlite3.Error, _DamagedError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise JournalError(
            "The journal cannot be opened",
            why=f"{reason}: {path}",
            hint="set NBNEBIUS_HOME to a folder you can write to",
        ) from None


def _open(path: Path) -> sqlite3.Connection:
    _prepare(path)
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=PATIENCE, check_same_thread=False
    )
    try:
        _check(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error) and _says_damaged(error):
            raise _DamagedError(str(error)) from None
        raise
    return connection


def _says_damaged(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in DAMAGED


def _set_aside(path: Path) -> Path:
    """Move a damaged file, and the half-done commit beside it, under names that are free."""
    stamp, number = int(time.time()), 0
    while True:
        aside = path.with_name(f"{path.name}.damaged-{stamp}{f'-{number}' if number else ''}")
        if not aside.exists():
            break
        number += 1
    path.replace(aside)
    with contextlib.suppress(FileNotFoundError):
        path.with_name(f"{path.name}-journal").replace(aside.with_name(f"{aside.name}-journal"))
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
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=FULL")
    _make_tables(connection)
    if path.stat().st_size <= CHECK_UP_TO:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _DamagedError(verdict)


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JournalError(
            "The journal was written by a newer version of nbnebius",
            why=f"{path} has schema {version}, this version knows {VERSION}",
            hint="upgrade nbnebius, or set NBNEBIUS_HOME to another folder",
        )


def _make_tables(connection: sqlite3.Connection) -> None:
    # Two kernels may come here at once; the second finds the tables of the first.
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        scripts = [MIGRATIONS[n] for n in range(version + 1, VERSION + 1)] if version else [TABLES]
        for statement in (each for script in scripts for each in statements(script)):
            connection.execute(statement)
        if version < VERSION:
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
