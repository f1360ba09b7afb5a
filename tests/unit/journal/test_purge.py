"""Making room: what goes, what stays, and the space that is free afterwards."""

import random
import sqlite3
import time
from contextlib import closing

import pytest

from nbnebius.events import Intent, Outcome
from nbnebius.journal import (
    Bill,
    Journal,
    KeptVector,
    Purged,
    Waste,
    find_answer,
    find_vectors,
    hold_size,
    note_reuse,
    purge,
    purgeable,
    purging,
    settle_orphans,
    spent,
    usage_rows,
)
from nbnebius.journal import size as size_rules
from nbnebius.journal.purging import give_back

pytestmark = pytest.mark.anyio
DAY = 86_400
CALLS = 6


def key(number):
    return number.to_bytes(16, "big")


def text_key(number):
    return number.to_bytes(16, "little")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


@pytest.fixture
async def journal(path):
    """Six calls of 100 kB and as many vectors, one per day; the last is of today."""
    journal = Journal(path)
    noise = random.Random(1)
    for n in range(CALLS):
        record = await journal.sending(Intent(key(n), "chat", "s", "m", noise.randbytes(50_000)), 1)
        await journal.ended(record, Outcome("done", 200, body=noise.randbytes(50_000)))
        await journal.bill(record, Bill(10, 5, cost=0.5))
        await journal.keep_vectors({None: []})
        await journal.committed(
            lambda connection, n=n, record=record: [
                connection.execute(
                    "UPDATE calls SET sent_at = ? WHERE id = ?",
                    (time.time() - (CALLS - 1 - n) * DAY - 60, record),
                ),
                connection.execute(
                    "INSERT INTO vectors (key, call, tokens, vector) VALUES (?, ?, 1, ?)",
                    (text_key(n), record, noise.randbytes(4 * 1024)),
                ),
            ]
        )
    yield journal
    journal.close()


async def left(journal):
    answers = [n for n in range(CALLS) if await find_answer(journal, key(n))]
    kept = await find_vectors(journal, [text_key(n) for n in range(CALLS)])
    return answers, [n for n in range(CALLS) if text_key(n) in kept]


async def test_what_is_kept_goes_and_what_it_cost_stays(journal, path):
    before = path.stat().st_size
    found = purgeable(journal, Waste())
    assert (found.answers, found.vectors, found.calls) == (CALLS, CALLS, 0)
    assert CALLS * 104_000 < found.bytes < CALLS * 106_000
    gone = purge(journal, Waste())
    assert (gone.answers, gone.vectors, gone.calls, gone.note) == (CALLS, CALLS, 0, "")
    assert await left(journal) == ([], [])
    assert gone.bytes == before - path.stat().st_size > 500_000
    assert (spent(journal).calls, spent(journal).cost) == (CALLS, 3.0)
    assert not purgeable(journal, Waste())


async def test_only_what_is_older_goes(journal):
    purge(journal, Waste(before=time.time() - 2 * DAY))
    assert await left(journal) == ([4, 5], [4, 5])


async def test_answers_and_vectors_can_go_apart(journal):
    assert purge(journal, Waste(vectors=False)).vectors == 0
    assert await left(journal) == ([], list(range(CALLS)))
    assert purge(journal, Waste(answers=False)).vectors == CALLS
    assert await left(journal) == ([], [])


async def test_the_ledger_goes_only_where_it_is_named(journal):
    await note_reuse(journal, "chat", "s", "m", 1, 0.5)
    gone = purge(journal, Waste(ledger=True))
    assert gone.calls == CALLS + 1
    assert spent(journal).calls == 0
    assert usage_rows(journal) == []


async def test_a_running_request_is_left_alone(journal):
    running = await journal.sending(Intent(b"r" * 16, "chat", "s", "m", b"request"), 1)
    purge(journal, Waste(ledger=True))
    await journal.ended(running, Outcome("done", 200, body=b"late"))
    assert (await find_answer(journal, b"r" * 16)).body == b"late"


async def test_what_went_is_nowhere_in_the_file(journal, path):
    canary = bytes(random.Random(7).randbytes(64))
    vector = KeptVector(b"c" * 16, canary * 16, 1.0)
    await journal.keep_vectors({None: [vector]})
    undo = path.with_name(f"{path.name}-journal")
    assert canary in path.read_bytes()
    purge(journal, Waste())
    assert canary not in path.read_bytes()
    assert not undo.exists() or canary not in undo.read_bytes()


async def test_texts_whose_vectors_were_kept_are_nowhere_in_the_file_after_a_purge(journal, path):
    canary = bytes(random.Random(8).randbytes(64)).hex().encode()
    asked = Intent(b"e" * 16, "embedding", "s", "m", random.Random(9).randbytes(30_000) + canary)
    record = await journal.sending(asked, 1)
    answer = b'{"data":[{"embedding":"' + random.Random(10).randbytes(9_000).hex().encode()
    await journal.ended(record, Outcome("done", 200, body=answer))
    # what is left of the request is written elsewhere, and its old pages are not overwritten
    await journal.keep_vectors({record: [KeptVector(b"v" * 16, b"v" * 16, 1.0)]})
    assert purge(journal, Waste()).note == ""
    undo = path.with_name(f"{path.name}-journal")
    for file in (path, undo):
        left = file.read_bytes() if file.exists() else b""
        assert canary not in left
        assert answer[100:200] not in left


async def test_an_older_file_gives_its_space_back_too(journal, path):
    journal.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
    before = path.stat().st_size
    again = Journal(path)
    try:
        gone = purge(again, Waste())
        assert gone.note == ""
        assert before - path.stat().st_size == gone.bytes > 500_000
    finally:
        again.close()


async def test_an_older_file_that_is_in_use_keeps_its_size_for_now(journal, path, monkeypatch):
    journal.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
    monkeypatch.setattr(purging, "PATIENCE", 0.1)
    monkeypatch.setenv("NBNEBIUS_EXCLUSIVE", "1")
    before = path.stat().st_size
    held = Journal(path)
    gone = purge(held, Waste())
    held.close()
    assert (gone.answers, gone.bytes) == (CALLS, 0)
    assert "keeps its size for now" in gone.note
    monkeypatch.delenv("NBNEBIUS_EXCLUSIVE")
    again = Journal(path)
    assert give_back(again) == ""
    again.close()
    assert path.stat().st_size < before - 500_000


async def test_damaged_files_from_before_are_named(journal, path):
    path.with_name("journal.sqlite.damaged-17").write_bytes(b"prompts")
    assert "journal.sqlite.damaged-17" in purge(journal, Waste()).note


def test_nothing_is_nothing():
    assert not Purged()
    assert Purged(answers=1)


# -- size --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", [0.00035])
async def test_above_its_cap_the_oldest_go_until_there_is_room(journal, path, monkeypatch, cap):
    monkeypatch.setattr(size_rules, "CALLS", 1)
    note = hold_size(journal, cap)
    answers, vectors = await left(journal)
    assert path.stat().st_size <= cap * 1e9 * 0.9
    assert 0 < len(answers) < CALLS
    assert answers == vectors == list(range(CALLS - len(answers), CALLS))
    assert f"{CALLS - len(answers)} answers" in note
    assert spent(journal).calls == CALLS
    assert hold_size(journal, cap) == ""


async def test_a_cap_that_the_ledger_alone_breaks_ends(journal):
    assert "went" in hold_size(journal, 1e-6)
    assert "no kept answer is left" in hold_size(journal, 1e-6)


async def test_without_a_cap_each_step_is_told_once(journal, monkeypatch):
    assert hold_size(journal, None) == ""
    monkeypatch.setattr(size_rules, "STEP", 200_000)
    assert "%nebius purge" in hold_size(journal, None)
    assert hold_size(journal, None) == ""
    monkeypatch.setattr(size_rules, "STEP", 100_000)
    assert "journal_gb" in hold_size(journal, None)


async def test_orphans_of_a_purged_ledger_are_none(journal):
    purge(journal, Waste(ledger=True))
    assert settle_orphans(journal) == 0
