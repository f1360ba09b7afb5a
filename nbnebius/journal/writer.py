"""
One SQLite connection, one thread, many waiting: everything that waits shares a commit.

Whatever is queued while a commit runs goes into the next one, so a single call pays one commit and
a thousand at once share a few. ``synchronous=FULL`` with a rollback journal: when a future
resolves, its rows are on disk. Two kernels on one file take turns by ``BEGIN IMMEDIATE``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from nbnebius.errors import JournalError
from nbnebius.journal.file import BUSY, open_journal
from nbnebius.journal.lasting import Lasting

if TYPE_CHECKING:
    from pathlib import Path


T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], Any]

GROUP = 256


Identity: TypeAlias = tuple[int, int]
Settled: TypeAlias = tuple["asyncio.Future[Any]", Any, Exception | None]


def _resolve(settled: list[Settled]) -> None:
    for future, result, error in settled:
        if future.done():
            continue  # whoever waited was cancelled
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


Waiting: TypeAlias = tuple[Work, "Future[Any] | asyncio.Future[Any]"]
Due: TypeAlias = tuple[Work, "Future[Any] | asyncio.Future[Any] | None"]


class Writer:
    """
    Runs functions of a connection on its own thread, several in one transaction.

    Attributes
    ----------
    note
        What the user should know of how the file was opened; "" where there is nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = ""
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._late: list[Lasting] = []  # the writer's thread's own
        self._opened: Identity | None = None
        self._pid = os.getpid()
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="nbnebius-journal", daemon=True
        )
        self._thread.start()
        ready.result()

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """
        Queue `work`; its result comes when it is committed.

        `work` may be run twice, where another piece of the same group failed.
        """
        self._refuse_fork()
        future: Future[T] = Future()
        self._put(work, future)
        return future

    def queue(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Queue `work` from an event loop; whatever becomes of the future, it is written."""
        self._refuse_fork()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(work, future)
        return future

    def _put(self, work: Work, future: Future[Any] | asyncio.Future[Any]) -> None:
        with self._lock:
            # Nothing may be queued behind the end: nobody would ever do it.
            if self._closed:
                raise _closed()
            self._queue.put((work, future))

    def _refuse_fork(self) -> None:
        if os.getpid() != self._pid:
            raise JournalError(
                "The journal was opened in another process",
                why="this process was forked from it",
                hint="call nbnebius.connect() in the child",
            )

    def close(self) -> None:
        """Commit what is queued and close the file; a forked child only forgets it."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join(timeout=30)

    def _run(self, ready: Future[None]) -> None:
        try:
            connection, self.note = open_journal(self.path)
        except BaseException as error:  # noqa: BLE001 - whoever opened it must hear of it
            ready.set_exception(error)
            return
        self._opened = _identity(self.path)
        ready.set_result(None)
        try:
            while group := self._next_group():
                self._commit(connection, group)
            if self._late:
                self._commit(connection, [])
        finally:
            # The last one out takes the file of what can be undone away; others may still need it.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA busy_timeout=0")
                connection.execute("PRAGMA journal_mode=DELETE")
            connection.close()
            self._refuse_the_rest()

    def _next_group(self) -> list[Waiting]:
        """Wait for work, and take what has gathered; nothing at the end."""
        while (first := self._queue.get()) is not None:
            group = [first]
            while len(group) < GROUP:
                try:
                    following = self._queue.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    self._queue.put(None)  # the end, for the next round
                    break
                group.append(following)
            # Of what nobody waits for any more, nothing is done.
            if wanted := [one for one in group if _is_wanted(one[1])]:
                return wanted
        return []

    def _refuse_the_rest(self) -> None:
        with self._lock:
            self._closed = True
        while True:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return
            if waiting and _is_wanted(waiting[1]):
                self._settle([(waiting[1], None, _closed())])

    def _commit(self, connection: sqlite3.Connection, group: list[Waiting]) -> None:
        """Write what could not be written earlier, and then a group, in one transaction."""
        due: list[Due] = [*((work, None) for work in self._late), *group]
        self._late = []
        error, by_work = self._try(connection, due)
        if error is None:
            return
        if len(due) == 1 or not by_work:
            self._fail(due, error)
            return
        # One bad piece of work must not take the others' commits with it.
        for place, single in enumerate(due):
            error, by_work = self._try(connection, [single])
            if error is not None and not by_work:
                self._fail(due[place:], error)
                return
            if error is not None:
                self._fail([single], error)

    def _try(self, connection: sqlite3.Connection, due: list[Due]) -> tuple[Exception | None, bool]:
        """Commit it all; else tell why not, and whether a piece of it was to blame."""
        by_work = False
        try:
            connection.execute("BEGIN IMMEDIATE")
            by_work = True
            results = [work(connection) for work, _ in due]
            by_work = False
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - each waiting caller gets it
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            return error, by_work and not _is_busy(error)
        for work, _ in due:
            if isinstance(work, Lasting):
                work.landed()
        self._settle(
            [
                (future, result, None)
                for (_, future), result in zip(due, results, strict=True)
                if future is not None
            ]
        )
        return None, False

    def _fail(self, due: list[Due], error: Exception) -> None:
        for work, _ in due:
            if isinstance(work, Lasting) and work.missed(error):
                self._late.append(work)
        # each its own error: whoever gets it adds what it means there
        self._settle(
            [
                (future, None, _in_words(error, self.path, self._opened))
                for _, future in due
                if future is not None
            ]
        )

    @staticmethod
    def _settle(
        settled: list[tuple[Future[Any] | asyncio.Future[Any], Any, Exception | None]],
    ) -> None:
        # All of a commit's futures of one loop are resolved by one call to it.
        loops: dict[asyncio.AbstractEventLoop, list[Settled]] = {}
        for future, result, error in settled:
            if isinstance(future, asyncio.Future):
                loops.setdefault(future.get_loop(), []).append((future, result, error))
            elif error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        for loop, those in loops.items():
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(_resolve, those)


def _is_wanted(future: Future[Any] | asyncio.Future[Any]) -> bool:
    return isinstance(future, asyncio.Future) or future.set_running_or_notify_cancel()


def _is_busy(error: Exception) -> bool:
    # a transaction that outgrows the cache needs the whole file before its end
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in BUSY


def _identity(path: Path) -> Identity | None:
    """Tell which file stands at a path; None for none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _closed() -> JournalError:
    return JournalError("The journal is closed", hint="connect() opens it again")


def _in_words(error: Exception, path: Path, opened: Identity | None) -> Exception:
    if isinstance(error, sqlite3.Error) and _identity(path) != opened:
        return JournalError(
            "The journal's file is gone, so nothing more is sent",
            why=f"it was moved, replaced or deleted while it was open: {path}",
            hint="put it back, or begin a new one with nbnebius.connect()",
        )
    if isinstance(error, sqlite3.Error):
        return JournalError(
            "The journal could not be written, so nothing more is sent",
            why=f"{error} ({path.name})",
            hint="free some space or set NBNEBIUS_HOME to another folder",
        )
    return error
