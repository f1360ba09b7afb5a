"""
Writing answers into a recording, as they come.

Each answer is committed before anyone reads it, so a killed kernel leaves a usable file. What is
written: whole answers, and definite refusals. What is not: keys, headers, prompts, and answers
that say only "not now" or "not you".
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from nbnebius.transport.tape.file import open_to_write, write_failed
from nbnebius.transport.tape.names import content_of, request_name, text_name, texts_in, told_by

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from nbnebius.events import Outcome
    from nbnebius.transport.request import Request

PART = 2**20
"""Bytes of a body that lie in one row."""

# Refusals that depend on the moment or on the key; the next one who asks is not told them.
PASSING = frozenset({401, 402, 403, 407, 408, 425, 429})
NO_LIST = 501  # how some servers say that they have no such list


def is_final(status: int) -> bool:
    """Tell whether an answer of this status would come again."""
    refused = 400 <= status < 500 and status not in PASSING  # noqa: PLR2004 - refusals
    return 200 <= status < 300 or refused or status == NO_LIST  # noqa: PLR2004 - success


@functools.lru_cache(maxsize=1)
def _take_of(pid: int) -> str:  # noqa: ARG001 - a forked child is another process
    return uuid.uuid4().hex


class Recording:
    """
    A recording that is being written.

    Parameters
    ----------
    path
        The file, absolute; it is made, or added to where it is a recording already.

    Attributes
    ----------
    is_new
        The file was made just now.
    take
        What marks the answers of this process.

    Raises
    ------
    ReplayError
        It is another kind of file, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection, self.is_new = open_to_write(path)
        self.take = _take_of(os.getpid())
        self._lock = threading.Lock()
        self._waiting: list[tuple[Callable[[sqlite3.Connection], None], Future[None]]] = []
        self._failed: Exception | None = None
        self._thread = ThreadPoolExecutor(1, "nbnebius-recording")

    def facts(self) -> dict[str, Any]:
        """Give what the recording says of itself."""
        rows = self._thread.submit(
            lambda: self._connection.execute("SELECT name, value FROM facts").fetchall()
        ).result()
        return {name: json.loads(value) for name, value in rows}

    async def describe(self, facts: Mapping[str, Any]) -> None:
        """Write what is to be known of the service and the settings."""
        rows = [(name, json.dumps(value)) for name, value in facts.items()]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

        await asyncio.wrap_future(self._put(write))

    def check(self) -> None:
        """
        Look whether all was written so far, before more is bought.

        Raises
        ------
        ReplayError
            An earlier answer could not be written.
        """
        if self._failed is not None:
            raise write_failed(self.path, self._failed)

    def keep(
        self,
        path: str,
        body: Mapping[str, Any] | bytes,
        content_type: str,
        answer: bytes,
        *,
        told: Mapping[str, str] | None = None,
    ) -> None:
        """
        Add an answer that was shown without asking the server; it is written soon.

        Parameters
        ----------
        path
            Where it would have been asked: ``chat/completions``.
        body
            What would have been sent.
        content_type, answer
            The kept answer, as it came.
        told
            More to give back beside it, as headers.

        Raises
        ------
        ReplayError
            An earlier answer could not be written.
        """
        name = request_name("POST", path, content_of(body))
        self._put(self._adding(name, 200, content_type, [answer], told))

    def keep_vectors(
        self, body: Mapping[str, Any], vectors: Iterable[tuple[str, bytes, float | None]]
    ) -> None:
        """
        Add vectors text by text, bought or kept; they are written soon.

        Parameters
        ----------
        body
            The request's fields but for ``input``: model and dimensions.
        vectors
            Each text, its vector (little-endian float32) and its tokens.

        Raises
        ------
        ReplayError
            An earlier answer could not be written.
        """
        content = content_of(body)
        rows = [(text_name(content, text), tokens, vector) for text, vector, tokens in vectors]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT INTO vectors (name, tokens, vector) VALUES (?, ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET tokens = excluded.tokens, vector = excluded.vector",
                rows,
            )

        self._put(write)

    async def answered(self, request: Request, outcome: Outcome, scope: str) -> None:
        """
        Add an answer as it came from the server, and return when it is on disk.

        A private call's is left out, and so are vectors: `keep_vectors` is handed them one by one.

        Raises
        ------
        ReplayError
            It could not be written.
        """
        private = request.intent is not None and request.intent.private
        status = outcome.status or 0
        whole = outcome.state == "done" or status >= 300  # noqa: PLR2004 - a refusal is whole
        if private or not whole or not is_final(status) or "Range" in request.headers:
            return
        content = await told_by(request)
        if outcome.state == "done" and texts_in(request.path, content) and not scope:
            return
        name = request_name(
            request.method, request.path, content, params=request.params, scope=scope
        )
        told = request.alias.told if request.alias else None
        adding = self._adding(name, status, outcome.content_type, [outcome.body], told)
        await asyncio.wrap_future(self._put(adding))

    async def keep_file(self, request: Request, place: Path, scope: str) -> None:
        """Add a download that lies in a file by now. Errors are those of `answered`."""
        name = request_name(request.method, request.path, params=request.params, scope=scope)
        adding = self._adding(name, 200, "application/octet-stream", _FileParts(place), None)
        await asyncio.wrap_future(self._put(adding))

    def close(self) -> None:
        """Write what is waiting, and close the file."""
        self._thread.shutdown()
        self._connection.close()

    def _adding(
        self,
        name: bytes,
        status: int,
        content_type: str,
        bodies: Iterable[bytes],
        told: Mapping[str, str] | None,
    ) -> Callable[[sqlite3.Connection], None]:
        row = (name, self.take, status, content_type, json.dumps(dict(told or {})))

        def write(connection: sqlite3.Connection) -> None:
            answer = connection.execute(
                "INSERT INTO answers (name, take, status, content_type, told)"
                " VALUES (?, ?, ?, ?, ?)",
                row,
            ).lastrowid
            connection.executemany(
                "INSERT INTO parts (answer, data) VALUES (?, ?)",
                (
                    (answer, body[at : at + PART])
                    for body in bodies
                    for at in range(0, len(body), PART)
                ),
            )

        return write

    def _put(self, write: Callable[[sqlite3.Connection], None]) -> Future[None]:
        """Have something written by the one thread; what waits together shares a commit."""
        self.check()
        future: Future[None] = Future()
        with self._lock:
            self._waiting.append((write, future))
        self._thread.submit(self._write_all)
        return future

    def _write_all(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting, []
        if not group:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for write, _ in group:
                write(self._connection)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever waits, and whoever comes, is told
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._failed = error
            for _, future in group:
                future.set_exception(write_failed(self.path, error))
            return
        for _, future in group:
            future.set_result(None)


class _FileParts:
    """A file's bytes, part by part, read anew each time."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def __iter__(self) -> Iterator[bytes]:
        with self._place.open("rb") as file:
            while part := file.read(PART):
                yield part
