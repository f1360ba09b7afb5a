"""A journal as the first version wrote it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VERSION_1 = """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    repeat INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    service TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    session TEXT NOT NULL,
    place TEXT NOT NULL DEFAULT '',
    thread TEXT,
    turn INTEGER,
    job INTEGER REFERENCES jobs (id),
    owner TEXT NOT NULL,
    lease REAL,
    sent_at REAL NOT NULL,
    ended_at REAL,
    status INTEGER,
    request_id TEXT,
    error TEXT NOT NULL DEFAULT '',
    private INTEGER NOT NULL DEFAULT 0,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    images INTEGER,
    cost REAL,
    cost_bound REAL
);
CREATE INDEX calls_by_key ON calls (key, state);
CREATE INDEX calls_running ON calls (session) WHERE state = 'sent';
CREATE INDEX calls_of_embeddings ON calls (service, model) WHERE kind = 'embedding';
CREATE INDEX calls_by_job ON calls (job) WHERE job IS NOT NULL;
CREATE TABLE bodies (
    call INTEGER PRIMARY KEY REFERENCES calls (id),
    request BLOB,
    answer BLOB,
    content_type TEXT
);
CREATE TABLE pieces (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL REFERENCES calls (id),
    data BLOB NOT NULL
);
CREATE INDEX pieces_by_call ON pieces (call);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    call INTEGER REFERENCES calls (id),
    tokens REAL,
    vector BLOB NOT NULL
);
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT,
    remote TEXT,
    state TEXT NOT NULL,
    budget REAL,
    owner TEXT,
    made_at REAL NOT NULL,
    ended_at REAL,
    detail TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE notes (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""


def write_as_version_1(journal: Path, old: Path) -> None:
    """Copy what version 1 could hold of a journal into a file of that version."""
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(VERSION_1)
        connection.execute("ATTACH ? AS newer", (str(journal),))
        for table in ("calls", "bodies", "vectors", "jobs", "notes"):
            known = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
            columns = ",".join(known)
            connection.execute(
                f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"
            )
        connection.commit()
        connection.execute("PRAGMA application_id=1313491505")
        connection.execute("PRAGMA user_version=1")
