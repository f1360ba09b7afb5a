"""
The file of a recording: one SQLite database with its own mark, made for its owner's eyes.

A file that is anything else is never written to. ``answers`` are numbered in the order they came;
``take`` is the process that wrote them, so that a notebook that was recorded twice into one file
is replayed as it ran last. Bodies lie in parts, so that a large download needs little memory.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from nbnebius.errors import ReplayError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = 0x4E425431  # "NBT1"
VERSION = 1
PATIENCE = 30.0  # seconds to wait for another kernel's commit

TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL,
    take TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    told TEXT NOT NULL
);
CREATE INDEX answers_by_name ON answers (name);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    answer INTEGER NOT NULL REFERENCES answers (id),
    data BLOB NOT NULL
);
CREATE INDEX parts_by_answer ON parts (answer);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    tokens REAL,
    vector BLOB NOT NULL
)"""


def open_to_write(path: Path) -> tuple[sqlite3.Connection, bool]:
    """
    Open a recording to add to it, made with mode 0600 where there is none.

    Returns
    -------
    tuple
        The connection, and whether the file is new.

    Raises
    ------
    ReplayError
        It is another kind of file, or cannot be written.
    """
    try:
        new = _make(path)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from None
    try:
        connection = _connect(path)
        try:
            if new:
                _make_tables(connection)
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from None
    return connection, new


def open_to_read(path: Path) -> sqlite3.Connection:
    """
    Open a recording to answer from it; nothing in it is changed.

    Raises
    ------
    ReplayError
        There is none, or it is another kind of file.
    """
    if not path.is_file():
        raise ReplayError(
            f"There is no recording {path.name}",
            why=str(path.parent),
            hint="%nebius record FILE writes one",
        )
    try:
        connection = _connect(path)
        try:
            _check(connection, path)
            connection.execute("PRAGMA query_only=ON")
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from None
    return connection


def write_failed(path: Path, error: Exception) -> ReplayError:
    """Say that an answer could not be added."""
    return _unwritable(path, str(error))


def _make(path: Path) -> bool:
    """Make the file where there is none; tell whether its tables are still to be made."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        # one without a byte is what a kernel leaves that was killed in between
        return path.is_file() and path.stat().st_size == 0
    return True


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw makes nothing new, and rolls back what a killed kernel left half done
    return sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=PATIENCE,
        check_same_thread=False,
    )


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA trusted_schema=OFF")
    # a recording may come from somebody else: it holds tables, and nothing that acts
    strange = connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')"
    ).fetchone()[0]
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    if mark != APPLICATION or strange:
        raise ReplayError(
            f"{path.name} is no recording of nbnebius",
            why="it is another kind of file, and stays as it is",
            hint="name a file that %nebius record wrote, or a new one to record into",
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise ReplayError(
            f"{path.name} was recorded by a newer version of nbnebius",
            why=f"it has format {version}, this version knows {VERSION}",
            hint="upgrade nbnebius",
        )


def _unreadable(path: Path, error: sqlite3.Error) -> ReplayError:
    if isinstance(error, sqlite3.OperationalError):
        return ReplayError(f"The recording {path.name} cannot be opened", why=f"{error}")
    return ReplayError(
        f"{path.name} is no recording of nbnebius",
        why="it is another kind of file, and stays as it is",
        hint="name a file that %nebius record wrote, or a new one to record into",
    )


def _unwritable(path: Path, reason: str) -> ReplayError:
    return ReplayError(
        f"The recording {path.name} cannot be written",
        why=f"{reason}: {path.parent}",
        hint="name a file in a folder you can write to, or end it with %nebius record off",
    )
