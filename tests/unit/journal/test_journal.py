"""The journal as the transport's recorder, and its readings."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from nbnebius.errors import JournalError
from nbnebius.events import Intent, Outcome
from nbnebius.journal import (
    Bill,
    Journal,
    KeptVector,
    find_answer,
    find_vectors,
    kept_request,
    settle_orphans,
    spent,
    tell_once,
)
from nbnebius.journal.purging import Waste, purge

pytestmark = pytest.mark.anyio
CANARY = b"the canary sang a secret song of forty-two notes"
KEY = b"0123456789abcdef"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "journal.sqlite"


@pytest.fixture
def open_journal(path):
    opened = []

    def open_one():
        opened.append(Journal(path))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_journal):
    return open_journal()


def intent(**more):
    return Intent(**{"key": KEY, "kind": "chat", "service": "s", "model": "m",
                     "request": b'{"a":1}', **more})  # fmt: skip


def rows(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def buy(journal, body=b"answer", *, bill=None, **more):
    record = await journal.sending(intent(**more), 1)
    await journal.ended(record, Outcome("done", 200, body=body))
    if bill:
        await journal.bill(record, bill)
    return record


async def test_an_intent_is_on_disk_when_sending_returns(journal, path):
    await journal.sending(intent(cost_bound=0.5, place="cell/1"), 2)
    assert rows(path, "SELECT key, kind, state, attempt, place, cost_bound FROM calls") == [
        (KEY, "chat", "sent", 2, "cell/1", 0.5)
    ]


async def test_an_answer_is_found_as_it_came(journal):
    record = await buy(journal, body := b"\x00raw" * 1000)
    found = await find_answer(journal, KEY)
    assert (found.record, found.body) == (record, body)
    assert await kept_request(journal, record) == b'{"a":1}'


@pytest.mark.parametrize("state", ["partial", "failed", "possibly_paid"])
async def test_only_a_whole_answer_is_an_answer(journal, state):
    record = await journal.sending(intent(), 1)
    await journal.ended(record, Outcome(state, 200, body=b"part"))
    assert await find_answer(journal, KEY) is None


async def test_the_latest_answer_of_the_same_cell_comes_first(open_journal):
    old = open_journal()
    await buy(old, b"of this cell", place="a")
    await buy(old, b"of another", place="b")
    new = open_journal()
    assert (await find_answer(new, KEY, place="a")).body == b"of this cell"
    assert (await find_answer(new, KEY, place="c")).body == b"of another"


async def test_answers_of_other_cells_of_this_session_can_be_left_out(journal, open_journal):
    await buy(journal, place="a")
    assert await find_answer(journal, KEY, place="b", other_sessions_only=True) is None
    assert await find_answer(journal, KEY, place="", other_sessions_only=True) is None
    assert await find_answer(open_journal(), KEY, place="b", other_sessions_only=True)


async def test_a_damaged_body_is_no_answer(journal, path):
    await buy(journal)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE bodies SET answer = x'00112233'")
    assert await find_answer(journal, KEY) is None


async def test_private_calls_leave_no_text_in_any_file(journal, path):
    record = await journal.sending(intent(private=True, request=CANARY), 1)
    for _ in range(3):
        await journal.received(record, CANARY)
    assert rows(path, "SELECT count(*) FROM pieces") == [(0,)]
    assert CANARY not in path.read_bytes()
    await journal.ended(record, Outcome("done", 200, body=CANARY))
    await journal.bill(record, Bill(3, 4, cost=0.25))
    assert rows(path, "SELECT count(*) FROM bodies") == [(0,)]
    assert rows(path, "SELECT prompt_tokens, cost FROM calls") == [(3, 0.25)]
    journal.close()
    for file in path.parent.rglob("*"):
        assert file.is_dir() or CANARY not in file.read_bytes()


async def test_pieces_of_a_running_stream_are_on_disk_and_gone_at_its_end(journal, path):
    record = await journal.sending(intent(), 1)
    await journal.received(record, b"one ")
    await journal.received(record, b"two")
    assert rows(path, "SELECT data FROM pieces ORDER BY id") == [(b"one ",), (b"two",)]
    await journal.ended(record, Outcome("done", 200, body=b"one two"))
    assert rows(path, "SELECT count(*) FROM pieces") == [(0,)]


async def test_vectors_are_kept_by_text_and_free_the_answer_they_came_in(journal, path):
    record = await buy(journal, kind="embedding")
    await journal.keep_vectors({record: [KeptVector(b"k1", b"\0\0\x80?", 2.5)]})
    await journal.keep_vectors({record: [KeptVector(b"k1", b"\0\0\0\0", 9.0)]})
    assert await find_vectors(journal, [b"k1", b"k2"]) == {
        b"k1": KeptVector(b"k1", b"\0\0\x80?", 2.5)
    }
    assert rows(path, "SELECT answer FROM bodies") == [(None,)]


async def test_a_vector_of_another_size_takes_the_place_of_the_one_before(journal):
    await journal.keep_vectors({None: [KeptVector(b"k1", b"\0\0\x80?", 2.5)]})
    newer = KeptVector(b"k1", b"\0\0\x80?" * 2, 3.0)
    await journal.keep_vectors({None: [newer]})
    assert await find_vectors(journal, [b"k1"]) == {b"k1": newer}


async def test_vectors_whose_answer_was_purged_meanwhile_are_not_filed(journal, open_journal):
    record = await buy(journal, kind="embedding")
    await asyncio.to_thread(purge, open_journal(), Waste(ledger=True))
    await journal.keep_vectors({record: [KeptVector(b"k1", b"\0\0\x80?", 2.5)]})
    assert await find_vectors(journal, [b"k1"]) == {}


async def test_a_late_bill_leaves_the_one_that_is_there(journal, path):
    first = await buy(journal, kind="embedding", bill=Bill(10, 0, cost=0.5))
    second = await buy(journal, kind="embedding")
    for record in (first, second):
        await journal.bill(record, Bill(7, 0), late=True)
    assert rows(path, "SELECT prompt_tokens, cost FROM calls ORDER BY id") == [(10, 0.5), (7, None)]


async def test_more_vectors_than_a_statement_has_room_for(journal):
    keys = [n.to_bytes(16, "big") for n in range(1200)]
    await journal.keep_vectors({None: [KeptVector(key, key, 1.0) for key in keys]})
    assert set(await find_vectors(journal, keys)) == set(keys)


async def test_money_is_summed_and_doubt_stands_apart(journal, open_journal):
    await buy(journal, bill=Bill(10, 5, cost=0.5))
    await buy(journal)
    record = await journal.sending(intent(cost_bound=2.0), 1)
    await journal.ended(record, Outcome("possibly_paid"))
    total = await asyncio.to_thread(spent, journal)
    assert (total.calls, total.tokens, total.cost, total.unpriced) == (2, 15, 0.5, 1)
    assert (total.doubtful, total.in_doubt) == (1, 2.0)
    other = open_journal()
    assert (await asyncio.to_thread(spent, other, session=other.session)).calls == 0


def test_a_note_is_told_once_from_a_journal(journal, open_journal):
    assert [tell_once(journal, "n"), tell_once(journal, "n"), tell_once(open_journal(), "n")] == [
        True,
        False,
        False,
    ]


def test_a_request_is_new_once_per_place(journal):
    asked = [("a", True), ("a", False), ("b", True)]
    assert [journal.first_time(KEY, place) for place, _ in asked] == [first for _, first in asked]


# -- many at once ------------------------------------------------------------------------------


async def test_a_cancelled_wait_still_writes(journal, path):
    gate = threading.Event()
    journal.writer.submit(lambda _: gate.wait())
    waiting = asyncio.create_task(journal.sending(intent(), 1))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
    await journal.sending(intent(key=b"another"), 1)
    assert rows(path, "SELECT count(*) FROM calls") == [(2,)]


def test_work_that_nobody_waits_for_any_more_is_not_done_and_harms_nobody(journal, path):
    gate = threading.Event()
    journal.writer.submit(lambda _: gate.wait())
    for note in ("dropped", "wanted"):
        last = journal.writer.submit(
            lambda c, n=note: c.execute("INSERT INTO notes VALUES (?, '')", (n,))
        )
        if note == "dropped":
            assert last.cancel()
    gate.set()
    last.result()
    assert rows(path, "SELECT name FROM notes") == [("wanted",)]


async def test_one_bad_piece_of_work_does_not_take_the_others_commits(journal, path):
    gate = threading.Event()
    journal.writer.submit(lambda _: gate.wait())
    good = journal.writer.submit(lambda c: c.execute("INSERT INTO notes VALUES ('a', '1')"))
    bad = journal.writer.submit(lambda c: c.execute("INSERT INTO nowhere VALUES (1)"))
    also = journal.writer.submit(lambda c: c.execute("INSERT INTO notes VALUES ('b', '1')"))
    gate.set()
    with pytest.raises(JournalError, match="nowhere"):
        bad.result()
    good.result()
    also.result()
    assert rows(path, "SELECT name FROM notes ORDER BY name") == [("a",), ("b",)]


async def test_a_full_disk_is_an_error_and_keeps_what_was_committed(journal, path):
    await buy(journal)
    journal.writer.submit(lambda c: c.execute("PRAGMA max_page_count=1").fetchone()).result()
    with pytest.raises(JournalError, match="nothing more is sent"):
        await journal.sending(intent(request=bytes(range(256)) * 4000), 1)
    assert rows(path, "SELECT count(*) FROM calls") == [(1,)]
    assert await find_answer(journal, KEY)


async def test_a_closed_journal_says_so(journal):
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.sending(intent(), 1)


def test_everything_queued_at_the_close_is_committed(journal, path):
    waiting = [
        journal.writer.submit(lambda c, n=n: c.execute("INSERT INTO notes VALUES (?, '')", (n,)))
        for n in range(600)
    ]
    journal.close()
    assert all(future.done() for future in waiting)
    assert rows(path, "SELECT count(*) FROM notes") == [(600,)]


WRITES = """
import asyncio, sys
from pathlib import Path
from nbnebius.journal import Journal
from nbnebius.events import Intent, Outcome

async def main():
    journal = Journal(Path(sys.argv[1]))
    for n in range(60):
        record = await journal.sending(Intent(b"k", "chat", sys.argv[2], "m", b"{}"), 1)
        await journal.ended(record, Outcome("done", 200, body=b"x" * 500))
    journal.close()

asyncio.new_event_loop().run_until_complete(main())
"""


def test_two_processes_write_at_once(path):
    children = [subprocess.Popen([sys.executable, "-c", WRITES, str(path), name]) for name in "ab"]
    assert [child.wait() for child in children] == [0, 0]
    assert rows(path, "SELECT service, count(*) FROM calls WHERE state='done' GROUP BY 1") == [
        ("a", 60),
        ("b", 60),
    ]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


# -- the dead and the living -------------------------------------------------------------------

SENDS = """
import asyncio, sys
from pathlib import Path
from nbnebius.journal import Journal
from nbnebius.events import Intent

async def main():
    journal = Journal(Path(sys.argv[1]))
    record = await journal.sending(Intent(b"k", "chat", "s", "m", b"{}", cost_bound=0.75), 1)
    await journal.received(record, b"half an ")
    await journal.received(record, b"answer")
    print("ready", flush=True)
    sys.stdin.readline()

asyncio.new_event_loop().run_until_complete(main())
"""


@pytest.fixture
def kernel(path):
    """Another process that has sent a request and waits."""
    child = subprocess.Popen(
        [sys.executable, "-c", SENDS, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    yield child
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()


@pytest.mark.fault
def test_what_a_killed_kernel_had_sent_is_possibly_paid_with_what_had_come(kernel, open_journal):
    kernel.kill()
    kernel.wait()
    journal = open_journal()
    assert settle_orphans(journal) == 1
    assert settle_orphans(journal) == 0
    total = spent(journal)
    assert (total.doubtful, total.in_doubt) == (1, 0.75)

    def read(connection):
        return connection.execute("SELECT answer, content_type FROM bodies").fetchone()

    from nbnebius.journal.packing import unpack

    answer, content_type = journal.writer.submit(read).result()
    assert (unpack(answer), content_type) == (b"half an answer", "text/event-stream")
    signs = list(journal.path.with_name("sessions").iterdir())
    assert [sign.name for sign in signs] == [journal.session]


def test_what_a_living_kernel_has_sent_is_left_alone(kernel, open_journal, path):
    assert settle_orphans(open_journal()) == 0
    assert rows(path, "SELECT state FROM calls") == [("sent",)]


async def test_what_another_session_of_this_process_has_sent_is_left_alone(open_journal, path):
    await open_journal().sending(intent(), 1)
    assert await asyncio.to_thread(settle_orphans, open_journal()) == 0
    assert rows(path, "SELECT state FROM calls") == [("sent",)]


async def test_a_session_that_closed_with_work_under_way_is_settled(open_journal, path):
    first = open_journal()
    await first.sending(intent(), 1)
    first.close()
    assert await asyncio.to_thread(settle_orphans, open_journal()) == 1
    assert rows(path, "SELECT state FROM calls") == [("possibly_paid",)]


async def test_a_planted_session_name_reaches_no_other_file(journal, path, tmp_path):
    precious = tmp_path / "precious"
    precious.touch()
    await journal.sending(intent(), 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE calls SET session = '../../precious'")
    assert await asyncio.to_thread(settle_orphans, journal) == 0
    assert precious.exists()


FORKS = """
import os, sys
from pathlib import Path
from nbnebius.journal import Journal, settle_orphans, spent

journal = Journal(Path(sys.argv[1]))
child = os.fork()
if child == 0:
    try:
        spent(journal)
    except Exception as error:
        os.write(1, str(error).encode())
    journal.close()
    os._exit(0)
os.waitpid(child, 0)
print("", spent(journal).calls)
journal.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_child_is_told_so_and_leaves_the_parents_journal_alone(path):
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "another process" in run.stdout
    assert "connect()" in run.stdout
    assert run.stdout.endswith(" 0\n")
