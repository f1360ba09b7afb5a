"""The sandbox's SQLite file."""

import secrets
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    model TEXT,
    status INTEGER,
    state TEXT NOT NULL,
    stream INTEGER NOT NULL,
    tokens_sent INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    user_agent TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS images (
    name TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    content BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    filename TEXT NOT NULL,
    purpose TEXT NOT NULL,
    deleted INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    input_file_id TEXT NOT NULL,
    status TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS custom_models (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    short TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,
    deleted INTEGER NOT NULL
) STRICT;
"""
_BEYOND_ALL = 2**62


class Store:
    """
    One SQLite file with everything that outlives the process.

    Parameters
    ----------
    folder
        The data folder; made when it is not there, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "sandbox.sqlite"
        path.touch(mode=0o600)
        # Engines run in worker threads; one lock keeps the single connection in order.
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA busy_timeout = 5000")
        self._connection.executescript(_TABLES)
        self.sandbox_id = self._once("sandbox_id", "sbx-" + secrets.token_hex(8))
        self.signing_key = bytes.fromhex(self._once("signing_key", secrets.token_hex(32)))

    def _once(self, name: str, value: str) -> str:
        """Keep a value made at the first start, and give the kept one ever after."""
        self.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
        return str(self.query("SELECT value FROM meta WHERE name = ?", (name,))[0][0])

    def execute(self, statement: str, values: Sequence[object] = ()) -> None:
        """Run a statement that changes something."""
        with self._lock:
            self._connection.execute(statement, values)

    def query(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement that reads."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def cursor(self, table: Literal["files", "batches"], after: str | None) -> int | None:
        """Give the number below which a page begins; None for an id that was never there."""
        if after is None:
            return _BEYOND_ALL
        rows = self.query(f"SELECT number FROM {table} WHERE id = ?", (after,))  # noqa: S608
        return int(rows[0][0]) if rows else None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
