"""
One SQLite connection, one thread, many waiting: everything that waits shares a commit.

Whatever is queued while a commit runs goes into the next one, so a single call pays one commit and
a thousand at once share a few. ``synchronous=FULL`` with a rollback journal: when a future
resolves, its rows are on disk. Two kernels on one file take turns by ``BEGIN IMMEDIATE``.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from nbnebius.errors import JournalError
from nbnebius.journal.schema import APPLICATION, TABLES, VERSION

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], Any]

GROUP = 256
CHECK_UP_TO = 256 * 1024 * 1024


class Writer:
    """Runs functions of a connection on its own thread, several in one transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = ""
        self._queue: queue.SimpleQueue[tuple[Work, Future[Any]] | None] = queue.SimpleQueue()
        self._closed = False
        self._pid = os.getpid()
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="nbnebius-journal", daemon=True
        )
        self._thread.start()
        ready.result()

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Queue `work`; its result comes when it is committed."""
        if self._closed or os.getpid() != self._pid:
            raise JournalError(
                "The journal is closed",
                why="this process was forked" if os.getpid() != self._pid else "",
                hint="connect() opens it again",
            )
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future

    def close(self) -> None:
        """Commit what is queued and close the file."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            if os.getpid() == self._pid:
                self._thread.join(timeout=30)

    def _run(self, ready: Future[None]) -> None:
        try:
            connection, self.note = open_journal(self.path)
        except BaseException as error:  # noqa: BLE001 - whoever opened it must hear of it
            ready.set_exception(error)
            return
        ready.set_result(None)
        try:
            while (first := self._queue.get()) is not None:
                group = [first]
                stop = False
                while len(group) < GROUP:
                    try:
                        following = self._queue.get_nowait()
                    except queue.Empty:
                        break
                    if following is None:
                        stop = True
                        break
                    group.append(following)
                self._commit(connection, group)
                if stop:
                    break
        finally:
            connection.close()

    def _commit(
        self, connection: sqlite3.Connection, group: list[tuple[Work, Future[Any]]]
    ) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [work(connection) for work, _ in group]
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - each waiting caller gets it
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if len(group) == 1:
                group[0][1].set_exception(_in_words(error, self.path))
            else:
                # One bad piece of work must not take the others' commits with it.
                for single in group:
                    self._commit(connection, [single])
            return
        for (_, future), result in zip(group, results, strict=True):
            future.set_result(result)


def _in_words(error: Exception, path: Path) -> Exception:
    if isinstance(error, sqlite3.Error):
        return JournalError(
            "The journal could not be written, so nothing more is sent",
            why=f"{error} ({path.name})",
            hint="free some space or set NBNEBIUS_HOME to another folder",
        )
    return error


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
        _prepare(path)
        connection = _connect(path)
    except OSError as error:
        raise JournalError(
            "The journal cannot be opened",
            why=f"{error.strerror}: {path}",
            hint="set NBNEBIUS_HOME to a folder you can write to",
        ) from None
    note = ""
    try:
        _check(connection, path)
    except sqlite3.DatabaseError:
        connection.close()
        aside = path.with_name(f"{path.name}.damaged-{int(time.time())}")
        path.replace(aside)
        note = f"the journal was damaged; it is kept as {aside.name} and a new one is begun"
        _prepare(path)
        connection = _connect(path)
        _check(connection, path)
    return connection, note


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


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in TABLES.split(";"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION}")
            connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    if version > VERSION:
        connection.close()
        raise JournalError(
            "The journal was written by a newer version of nbnebius",
            why=f"{path} has schema {version}, this version knows {VERSION}",
            hint="upgrade nbnebius, or set NBNEBIUS_HOME to another folder",
        )
    if path.stat().st_size <= CHECK_UP_TO:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
