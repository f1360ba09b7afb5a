"""
Answering from a recording: no socket is opened, and what is not on it is an error.

The n-th asking of a request gets the n-th answer of the take that asked it last; then the last one
comes again and again.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import msgspec

from nbnebius.errors import ReplayError
from nbnebius.transport.tape.file import open_to_read
from nbnebius.transport.tape.names import request_name, text_name, texts_in, told_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nbnebius.transport.request import Request
    from nbnebius.transport.retry import Phase

KINDS = {
    "chat/completions": "chat",
    "completions": "text completion",
    "embeddings": "embedding",
    "images/generations": "image",
    "rerank": "ranking",
    "models": "list of models",
}
SOME = 500  # names looked up at once


@dataclass(frozen=True, slots=True)
class Found:
    """One answer on the recording: its status, its headers, and its body part by part."""

    status: int
    headers: Mapping[str, str]
    parts: Iterator[bytes]


@dataclass(slots=True)
class Replaying:
    """
    A recording that answers.

    Parameters
    ----------
    path
        The file, absolute.

    Attributes
    ----------
    facts
        What the recording says of the service and the settings.
    repeats
        Whether the last answer given was one that had been given before.

    Raises
    ------
    ReplayError
        There is no such file, or it is another kind of file.
    """

    path: Path
    facts: dict[str, Any] = field(init=False)
    repeats: bool = field(init=False, default=False)
    _asked: dict[bytes, int] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _connection: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = open_to_read(self.path)
        try:
            rows = self._rows("SELECT name, value FROM facts")
            self.facts = {name: json.loads(value) for name, value in rows}
        except ValueError:
            self.facts = {}
        if not isinstance(self.facts.get("service"), str):
            self.close()
            raise ReplayError(
                f"The recording {self.path.name} holds nothing yet",
                hint="record into it with %nebius record FILE, then run the notebook",
            )

    @property
    def service(self) -> str:
        """The name of the service that was recorded."""
        return str(self.facts["service"])

    @property
    def neighbours(self) -> dict[str, str]:
        """The catalogs of others that were set up, and their paths."""
        recorded = self.facts.get("neighbours")
        return recorded if isinstance(recorded, dict) else {}

    def go_on_from(self, other: Replaying) -> None:
        """Count on from where another reading of the same file stands."""
        self._asked = other._asked

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    async def find(self, request: Request, scope: str = "") -> Found:
        """
        Find the answer to a request.

        Raises
        ------
        ReplayError
            It is not on the recording.
        """
        content = await told_by(request)
        await anyio.lowlevel.checkpoint()
        texts = None if scope else texts_in(request.path, content)
        found = self._vectors(content, texts) if texts else None
        if found is None:
            name = request_name(
                request.method, request.path, content, params=request.params, scope=scope
            )
            found = self._answer(name)
        if found is None and texts:
            found = self._refusal(content, texts)
        if found is None:
            raise self._missing(request)
        return found

    def _answer(self, name: bytes) -> Found | None:
        rows = self._rows(
            "SELECT id, status, content_type, told FROM answers WHERE name = ? AND take ="
            " (SELECT take FROM answers WHERE name = ? ORDER BY id DESC LIMIT 1) ORDER BY id",
            (name, name),
        )
        if not rows:
            return None
        asked = self._asked.get(name, 0)
        self._asked[name] = asked + 1
        self.repeats = asked >= len(rows)
        number, status, content_type, told = rows[min(asked, len(rows) - 1)]
        headers = {str(k): str(v) for k, v in json.loads(told).items()}
        return Found(status, {**headers, "content-type": content_type}, self._parts(number))

    def _parts(self, answer: int) -> Iterator[bytes]:
        last = 0
        while rows := self._rows(
            "SELECT id, data FROM parts WHERE answer = ? AND id > ? ORDER BY id LIMIT 1",
            (answer, last),
        ):
            last, data = rows[0]
            yield data

    def _vectors(self, content: Mapping[str, Any], texts: Sequence[str]) -> Found | None:
        """Put an answer together from the vectors of its texts; None where one is missing."""
        names = [text_name(content, text) for text in texts]
        found: dict[bytes, tuple[float | None, bytes]] = {}
        for at in range(0, len(names), SOME):
            some = names[at : at + SOME]
            marks = ",".join("?" * len(some))
            rows = self._rows(
                f"SELECT name, tokens, vector FROM vectors WHERE name IN ({marks})",  # noqa: S608 - only question marks
                some,
            )
            found.update((name, (tokens, vector)) for name, tokens, vector in rows)
        if len(found) < len(set(names)):
            return None
        data = [
            {"index": n, "embedding": found[name][1], "nbnebius_tokens": found[name][0]}
            for n, name in enumerate(names)
        ]
        answer: dict[str, Any] = {"object": "list", "model": content.get("model"), "data": data}
        tokens = [found[name][0] for name in names]
        if None not in tokens:
            # at least one, because a server that counts none tells no usage at all
            count = max(1, round(sum(t for t in tokens if t is not None)))
            answer["usage"] = {"prompt_tokens": count, "total_tokens": count}
        body = msgspec.json.encode(answer)
        return Found(200, {"content-type": "application/json"}, iter([body]))

    def _refusal(self, content: Mapping[str, Any], texts: Sequence[str]) -> Found | None:
        """Refuse a group for a text that was refused, so that it is halved as it was then."""
        refused = (self._answer(text_name(content, text)) for text in texts)
        return next((one for one in refused if one is not None), None)

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise ReplayError(
                    f"The recording {self.path.name} cannot be read", why=f"{error}"
                ) from None

    def _missing(self, request: Request) -> ReplayError:
        kind = KINDS.get(request.path)
        if kind is None:
            kind = "image" if "://" in request.path else f"request, {request.method} {request.path}"
        model = f" of {request.lane}" if request.lane else ""
        return ReplayError(
            f"The recording {self.path.name} does not hold this {kind}{model}",
            why="it is found by its model, text and parameters, and one of them was not the same "
            "when it was recorded; nothing was sent",
            hint="record it again with %nebius record FILE, or ask the service after "
            "%nebius replay off",
        )


class ReplayedExchange:
    """One request and its recorded answer, with the face of an exchange on the wire."""

    is_open = False  # there is no connection to give back

    def __init__(self, replaying: Replaying, request: Request, scope: str) -> None:
        self._replaying = replaying
        self._request = request
        self._scope = scope
        self._parts: Iterator[bytes] = iter(())
        self.phase: Phase = "connecting"
        self.reused = False
        self.status = 0
        self.headers: dict[str, str] = {}

    async def open(self) -> None:
        """Find the answer; raises `ReplayError` where there is none."""
        found = await self._replaying.find(self._request, self._scope)
        self.phase, self.status = "reading", found.status
        self.headers, self._parts = dict(found.headers), found.parts

    async def read(self, seconds: float) -> bytes:  # noqa: ARG002 - nothing is waited for
        """Return the next bytes of the answer, b"" at its end."""
        await anyio.lowlevel.checkpoint()
        return next(self._parts, b"")

    async def rest(self, seconds: float) -> None:
        """Go on at once: all of it is here."""

    async def close(self) -> None:
        """Let it go; the recording stays open."""
