"""The log of requests: what was asked of which model and how it ended, never a prompt."""

import time
from dataclasses import dataclass, field

from nbnebius.sandbox.keeping.store import Store

LISTED = 1000
_KEPT = 20_000
_LONGEST_WORD = 300
_REFUSAL = 400
_COLUMNS = (
    "id", "path", "model", "status", "state", "stream",
    "tokens_sent", "started_at", "ended_at", "user_agent",
)  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One request while it is answered."""

    id: str
    path: str
    user_agent: str
    model: str | None = None
    status: int | None = None
    stream: bool = False
    cancelled: bool = False
    broken: bool = False
    tokens_sent: int = 0
    started_at: float = field(default_factory=time.time)
    ended_at: float | None = None

    @property
    def state(self) -> str:
        """Tell how the request stands: running, finished, cancelled or failed."""
        if self.cancelled:
            return "cancelled"
        if self.ended_at is None:
            return "running"
        if self.broken or self.status is None or self.status >= _REFUSAL:
            return "failed"
        return "finished"


class Ledger:
    """The latest requests, kept in the store and listed newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: dict[str, Entry] = {}
        # What an earlier process left running ended with it.
        store.execute("UPDATE requests SET state = 'failed' WHERE state = 'running'")
        store.execute(
            "DELETE FROM requests WHERE number <= (SELECT max(number) FROM requests) - ?", (_KEPT,)
        )

    def begin(self, entry: Entry) -> None:
        """Write down that a request has come in."""
        self._running[entry.id] = entry
        marks = ", ".join("?" * len(_COLUMNS))
        self._store.execute(
            f"INSERT INTO requests ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608
            _row(entry),
        )

    def end(self, entry: Entry) -> None:
        """Write down how a request ended."""
        entry.ended_at = time.time()
        changes = ", ".join(f"{name} = ?" for name in _COLUMNS)
        self._store.execute(
            f"UPDATE requests SET {changes} WHERE id = ?",  # noqa: S608
            (*_row(entry), entry.id),
        )
        self._running.pop(entry.id, None)

    def listing(self) -> list[dict[str, object]]:
        """List the latest requests, newest first."""
        rows = self._store.query(
            f"SELECT {', '.join(_COLUMNS)} FROM requests ORDER BY number DESC LIMIT ?",  # noqa: S608
            (LISTED,),
        )
        listed = []
        for row in rows:
            running = self._running.get(row[0])
            line = dict(zip(_COLUMNS, _row(running) if running else row, strict=True))
            line["stream"] = bool(line["stream"])
            listed.append(line)
        return listed


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.id,
        entry.path[:_LONGEST_WORD],
        entry.model[:_LONGEST_WORD] if entry.model else entry.model,
        entry.status,
        entry.state,
        int(entry.stream),
        entry.tokens_sent,
        entry.started_at,
        entry.ended_at,
        entry.user_agent[:_LONGEST_WORD],
    )
