"""
A child that dies at a named point: before or after a step of the journal, or of a request.

The product knows nothing of it: the child wraps the connections that the journal opens, and the
methods of a request, before its job begins. ``-`` as the point lets it live, and counts how often
each point came.
"""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import sqlite3
import types
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.journal import file, journal, presence, salvage, writer
from nbnebius.transport import attempt, connection, direct, streaming
from tests.fault import job

if TYPE_CHECKING:
    from collections.abc import Callable

# What a statement is about: the name of the step that begins with it.
STATEMENTS = {
    "the intent": r"INSERT INTO calls ",
    "the ending": r"UPDATE calls SET state=\?, ended_at",
    "the answer": r"INSERT INTO bodies \(call, request, answer, content_type\) SELECT",
    "the bill": r"UPDATE calls SET prompt_tokens",
    "a piece": r"INSERT INTO pieces",
    "the vectors": r"INSERT INTO vectors",
    "the orphans": r"UPDATE calls SET state = 'possibly_paid'",
    "the journal mode": r"PRAGMA journal_mode=PERSIST",
    "the first table": r"CREATE TABLE calls",
    "a migration's column": r"ALTER TABLE",
    "a migration's table": r"CREATE TABLE (reuses|turns|prompts)",
    "the version": r"PRAGMA user_version=",
    "the check": r"PRAGMA quick_check",
    "a purge's slice": r"DELETE FROM (bodies|vectors|calls)",
    "the pages given back": r"PRAGMA incremental_vacuum",
    "the emptied undo": r"PRAGMA journal_size_limit=0",
    "the rebuilding": r"VACUUM$",
}
# Those whose commit is a point of its own.
COMMITTED = (
    "the intent",
    "the ending",
    "the bill",
    "a piece",
    "the vectors",
    "the orphans",
    "the first table",
    "a migration's column",
    "a purge's slice",
    "the pages given back",
)
_NAMED = [(name, re.compile(pattern)) for name, pattern in STATEMENTS.items()]


class Reaper:
    """Counts the points as they come, and kills this process at the one that was asked for."""

    def __init__(self, point: str, times: int) -> None:
        self._point = point
        self._left = times
        self.seen: Counter[str] = Counter()

    def at(self, point: str) -> None:
        self.seen[point] += 1
        if point == self._point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


reaper = Reaper("-", 0)


class Watched(sqlite3.Connection):
    """A connection that tells the reaper what it is about to do, and has done."""

    steps: set[str]

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        return self._watched(super().execute, sql, *args)

    def executemany(self, sql: str, *args: Any) -> sqlite3.Cursor:
        return self._watched(super().executemany, sql, *args)

    def _watched(self, run: Callable[..., sqlite3.Cursor], sql: str, *args: Any) -> sqlite3.Cursor:
        if sql.startswith("BEGIN"):
            self.steps = set()
            names = ["a transaction"]
        elif sql == "COMMIT":
            names = [f"the commit of {step}" for step in sorted(self.steps)]
        else:
            names = [name for name, pattern in _NAMED if pattern.match(sql.strip())][:1]
            self.steps = getattr(self, "steps", set()) | {n for n in names if n in COMMITTED}
        for name in names:
            reaper.at(f"before {name}")
        result = run(sql, *args)
        for name in names:
            reaper.at(f"after {name}")
        return result


class WatchedHeld(Watched, file.HeldConnection):
    """The same where one kernel holds the journal alone."""


def _connect(*args: Any, **more: Any) -> sqlite3.Connection:
    more["factory"] = WatchedHeld if more.get("factory") is file.HeldConnection else Watched
    return sqlite3.connect(*args, **more)


def _watch(owner: Any, name: str, step: str) -> None:
    """Have a method tell before and after."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def around(*args: Any, **more: Any) -> Any:
        reaper.at(f"before {step}")
        result = original(*args, **more)
        reaper.at(f"after {step}")
        return result

    @functools.wraps(original)
    async def around_async(*args: Any, **more: Any) -> Any:
        reaper.at(f"before {step}")
        result = await original(*args, **more)
        reaper.at(f"after {step}")
        return result

    setattr(owner, name, around_async if _is_async(original) else around)


def _is_async(function: Any) -> bool:
    return bool(getattr(function, "__code__", None) and function.__code__.co_flags & 0x80)


def watch() -> None:
    """Wrap what is watched, for the rest of this process's life."""
    streaming.FLUSH = 0.0  # every piece of a stream is a step
    spelled = types.SimpleNamespace(**{**vars(sqlite3), "connect": _connect})
    file.sqlite3 = spelled
    rules = __import__("nbnebius.journal.purging", fromlist=["purge"])
    rules.sqlite3 = spelled
    _watch(file, "_prepare", "making the file")
    _watch(file, "_mend", "mending")
    _watch(salvage, "salvage", "salvaging")
    _watch(file, "_put_in_place", "changing the files' places")
    _watch(presence.Presence, "__init__", "the sign of life")
    _watch(writer.Writer, "close", "the close")
    _watch(attempt.Attempt, "begin", "an attempt's beginning")
    _watch(attempt.Attempt, "end", "an attempt's end")
    _watch(direct.DirectExchange, "open", "a request")
    _watch(direct.DirectExchange, "read", "a read")
    _watch(connection.Connection, "write", "the bytes that leave")
    _watch(connection.Connection, "data_received", "the bytes that come")
    _watch(journal.Journal, "ended", "queueing the answer")
    os_link, replace = file.os.link, Path.replace
    file.os = types.SimpleNamespace(
        **{**vars(os), "link": _told(os_link, "the damaged one's link")}
    )
    Path.replace = _told(replace, "a file's new place")


def _told(function: Callable[..., Any], step: str) -> Callable[..., Any]:
    def around(*args: Any) -> Any:
        reaper.at(f"before {step}")
        result = function(*args)
        reaper.at(f"after {step}")
        return result

    return around


def main(point: str, times: str, spec: str, out: str) -> None:
    """Do a job and die at a point's n-th time; where it lives, write what it saw beside `out`."""
    global reaper  # noqa: PLW0603 - one for the whole process
    reaper = Reaper(point, int(times))
    watch()
    job.main(spec, out)
    Path(f"{out}.seen").write_text(json.dumps(reaper.seen))
