"""A journal of an earlier version is brought up to date, and everything in it is found."""

import json
import sqlite3
import zlib
from contextlib import closing

import numpy as np
import pytest
from version_1 import VERSION_1

from nbnebius.journal import (
    Journal,
    find_answer,
    find_vectors,
    kept_request,
    request_key,
    spent,
    tell_once,
    text_key,
    usage_rows,
)
from nbnebius.journal.purging import Waste, purge
from nbnebius.journal.schema import VERSION

pytestmark = pytest.mark.anyio

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
KEY = request_key("nebius", "chat/completions", BODY)
TEXT = text_key("nebius", "e", None, "a text")
VECTOR = np.full(16, 0.25, "<f4").tobytes()


@pytest.fixture
def path(tmp_path):
    """A file as version 1 wrote it, with a row of everything."""
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(VERSION_1)
        connection.execute("PRAGMA application_id=1313491505")
        connection.execute("PRAGMA user_version=1")
        connection.execute(
            "INSERT INTO calls (key, kind, service, model, state, attempt, session, owner, sent_at,"
            " ended_at, prompt_tokens, completion_tokens, cost) VALUES"
            " (?, 'chat', 'nebius', 'm', 'done', 1, 'old', 'host:1', 1.7e9, 1.7e9 + 2, 7, 9, 0.25)",
            (KEY,),
        )
        connection.execute(
            "INSERT INTO bodies VALUES (1, ?, ?, 'application/json')",
            (zlib.compress(json.dumps(BODY).encode()), zlib.compress(b"answer")),
        )
        connection.execute("INSERT INTO vectors VALUES (1, ?, NULL, 3.0, ?)", (TEXT, VECTOR))
        connection.execute("INSERT INTO notes VALUES ('where-kept', '1')")
    return path


async def check_everything_is_there(path):
    journal = Journal(path)
    try:
        found = await find_answer(journal, KEY)
        assert (found.body, found.cost, found.seconds) == (b"answer", 0.25, 2.0)
        assert json.loads(await kept_request(journal, found.record)) == BODY
        vectors = await find_vectors(journal, [TEXT])
        assert vectors[TEXT].vector == VECTOR
        assert not tell_once(journal, "where-kept")
        assert (spent(journal).calls, spent(journal).cost) == (1, 0.25)
        (row,) = usage_rows(journal)
        assert (row.tokens_in, row.tokens_out, row.time) == (7, 9, 1.7e9)
        return journal.writer.note
    finally:
        journal.close()


async def test_everything_of_version_1_is_found(path):
    assert await check_everything_is_there(path) == ""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


async def test_a_damaged_file_of_version_1_is_saved_too(path):
    with closing(sqlite3.connect(path)) as connection:
        root = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'pieces_by_call'"
        ).fetchone()[0]
    whole = bytearray(path.read_bytes())
    whole[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(whole)
    note = await check_everything_is_there(path)
    assert "1 calls with 1 answers and 1 vectors" in note


async def test_a_file_whose_version_was_set_back_by_an_older_kernel_is_whole(path):
    assert await check_everything_is_there(path) == ""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version=2")
    assert await check_everything_is_there(path) == ""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_purge_leaves_the_version_of_a_newer_kernel(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite")
    try:
        with closing(sqlite3.connect(journal.path)) as connection, connection:
            connection.execute(f"PRAGMA user_version={VERSION + 1}")
        purge(journal, Waste())
    finally:
        journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)
