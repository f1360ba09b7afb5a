"""Batches as they are kept: what was asked for, how it stands, and where it would go on."""

import time
import uuid
from collections.abc import Sequence

import msgspec

from nbnebius.sandbox.keeping.store import Store

UNFINISHED = frozenset({"validating", "in_progress", "finalizing", "cancelling"})


class Batch(msgspec.Struct):
    """
    One batch.

    Parameters
    ----------
    endpoint, input_file_id, completion_window, metadata
        What was asked for.
    deadline
        When it expires.
    position, line
        Where the window that is worked on begins: in bytes, and in lines.
    done
        A bit for each line of that window that has its answer.
    ending
        How the batch will end; from here on only its results are put on the shelf.
    output_bytes, error_bytes
        How long the files with answers were at that moment; what a crash left behind them is cut
        off, so that no line stands there twice.
    """

    endpoint: str
    input_file_id: str
    completion_window: str
    deadline: float
    metadata: dict[str, str] | None = None
    id: str = msgspec.field(default_factory=lambda: f"batch_{uuid.uuid4().hex}")
    status: str = "validating"
    errors: list[dict[str, object]] | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int = msgspec.field(default_factory=lambda: int(time.time()))
    times: dict[str, int] = msgspec.field(default_factory=dict)
    total: int = 0
    completed: int = 0
    failed: int = 0
    position: int = 0
    line: int = 0
    done: int = 0
    ending: str | None = None
    output_bytes: int = 0
    error_bytes: int = 0

    def turn(self, status: str) -> None:
        """Take on a status, and note when."""
        self.status = status
        self.times.setdefault(f"{status}_at", int(time.time()))

    def row(self) -> dict[str, object]:
        """Write the batch as the API shows it."""
        errors = None if self.errors is None else {"object": "list", "data": self.errors}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "errors": errors,
            "input_file_id": self.input_file_id,
            "completion_window": self.completion_window,
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "in_progress_at": self.times.get("in_progress_at"),
            "expires_at": int(self.deadline),
            "finalizing_at": self.times.get("finalizing_at"),
            "completed_at": self.times.get("completed_at"),
            "failed_at": self.times.get("failed_at"),
            "expired_at": self.times.get("expired_at"),
            "cancelling_at": self.times.get("cancelling_at"),
            "cancelled_at": self.times.get("cancelled_at"),
            "request_counts": {
                "total": self.total,
                "completed": self.completed,
                "failed": self.failed,
            },
            "metadata": self.metadata,
        }


class BatchBook:
    """All batches. One that is worked on is a single object, whoever asks for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._live: dict[str, Batch] = {}

    def add(self, batch: Batch) -> None:
        """Write down a new batch, which will be worked on."""
        self._live[batch.id] = batch
        self._store.execute(
            "INSERT INTO batches (id, input_file_id, status, record) VALUES (?, ?, ?, ?)",
            (batch.id, batch.input_file_id, batch.status, _record(batch)),
        )

    def save(self, batch: Batch) -> None:
        """Write down how a batch stands."""
        self._store.execute(
            "UPDATE batches SET status = ?, record = ? WHERE id = ?",
            (batch.status, _record(batch), batch.id),
        )
        if batch.status not in UNFINISHED:
            self._live.pop(batch.id, None)

    def find(self, id: str) -> Batch | None:
        """Give a batch by its id."""
        rows = self._store.query("SELECT record FROM batches WHERE id = ?", (id,))
        return self._read(rows[0][0]) if rows else None

    def unfinished(self) -> list[Batch]:
        """Give the batches that an earlier process left unfinished; they are worked on again."""
        marks = ", ".join("?" * len(UNFINISHED))
        rows = self._store.query(
            f"SELECT record FROM batches WHERE status IN ({marks}) ORDER BY number",  # noqa: S608
            sorted(UNFINISHED),
        )
        batches = [self._read(record) for (record,) in rows]
        self._live |= {batch.id: batch for batch in batches}
        return batches

    def reads(self, file: str) -> bool:
        """Tell whether an unfinished batch reads a file."""
        return any(batch.input_file_id == file for batch in self._live.values())

    def listing(
        self, limit: int, after: str | None, input_file: str | None
    ) -> tuple[Sequence[Batch], bool] | None:
        """
        List batches, newest first.

        Returns
        -------
        tuple or None
            The batches and whether there are more; None when `after` was never a batch.
        """
        below = self._store.cursor("batches", after)
        if below is None:
            return None
        rows = self._store.query(
            "SELECT record FROM batches WHERE number < ?1 "
            "AND (?2 IS NULL OR input_file_id = ?2) ORDER BY number DESC LIMIT ?3",
            (below, input_file, limit + 1),
        )
        return [self._read(record) for (record,) in rows[:limit]], len(rows) > limit

    def _read(self, record: str) -> Batch:
        batch = msgspec.json.decode(record, type=Batch)
        return self._live.get(batch.id, batch)


def _record(batch: Batch) -> str:
    return msgspec.json.encode(batch).decode()
