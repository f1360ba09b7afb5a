"""
The tables of the journal.

``calls`` has one row per attempt that was sent (or is about to be): the ledger, the list of what is
possibly paid, kept answers and resumed work are all readings of it. Bodies stand apart so that the
small rows stay small; where a request is not kept, its key stands there. ``reuses`` counts answers
that were shown again instead of bought. ``turns`` has what was said in threads, a row per turn; it
lives as long as its call's answer does. ``prompts`` are those that the user saved by name. Money is
in USD, times are seconds since 1970 (UTC).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

VERSION = 3
APPLICATION = 0x4E424A31  # "NBJ1"

# state: sent -> done | partial | failed | possibly_paid. A row that is still "sent" when its owner
# is dead is possibly paid. What goes by a batch is "batched" instead of "sent": it lives at the
# server, whoever dies here, until its job is harvested.
TABLES = """
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

# What each version adds: a new file takes them all, an older one those it lacks. Only additions, so
# that nothing is lost.
MIGRATIONS = {
    2: """
ALTER TABLE calls ADD COLUMN characters INTEGER;
CREATE INDEX calls_by_time ON calls (sent_at);
CREATE TABLE reuses (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    session TEXT NOT NULL,
    kind TEXT NOT NULL,
    service TEXT NOT NULL,
    model TEXT NOT NULL,
    answers INTEGER NOT NULL,
    saved REAL
);
CREATE INDEX reuses_by_time ON reuses (at);
""",
    3: """
ALTER TABLE vectors ADD COLUMN checksum INTEGER;
CREATE INDEX calls_by_thread ON calls (service, thread) WHERE thread IS NOT NULL;
CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    thread TEXT NOT NULL,
    position INTEGER NOT NULL,
    place TEXT NOT NULL,
    session TEXT NOT NULL,
    call INTEGER REFERENCES calls (id),
    state TEXT NOT NULL,
    model TEXT NOT NULL,
    asked_at REAL NOT NULL,
    tokens INTEGER,
    cost REAL,
    said_before BLOB NOT NULL,
    mark BLOB NOT NULL,
    said BLOB
);
CREATE INDEX turns_of_thread ON turns (service, thread, position);
CREATE INDEX turns_by_call ON turns (call) WHERE call IS NOT NULL;
CREATE TABLE prompts (
    name TEXT PRIMARY KEY,
    command TEXT NOT NULL,
    line TEXT NOT NULL,
    cell TEXT,
    saved_at REAL NOT NULL
);
""",
}

# What must be there to write a call and to find its answer.
COLUMNS = {
    "calls": ("id", "key", "state", "job", "cost_bound", "characters"),
    "bodies": ("call", "request", "answer", "content_type"),
    "pieces": ("id", "call", "data"),
    "vectors": ("id", "key", "call", "tokens", "vector"),
    "jobs": ("id", "key", "state", "detail"),
    "notes": ("name", "value"),
    "reuses": ("id", "at", "answers", "saved"),
    "turns": ("id", "service", "thread", "position", "mark", "said"),
    "prompts": ("name", "command", "line", "cell"),
}


def statements(script: str) -> list[str]:
    """Split a script into its statements."""
    return [statement for statement in script.split(";") if statement.strip()]


def what_acts(connection: sqlite3.Connection) -> str:
    """Name the triggers and views of a file, "" for none: the tables of ours have none."""
    found = connection.execute(
        "SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    ).fetchall()
    return ", ".join(name[:80] for (name,) in found[:5])
