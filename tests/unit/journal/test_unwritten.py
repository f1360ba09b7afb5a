"""What becomes of a journal's work that could not be written when it was due."""

import contextlib
import sqlite3
import threading
from contextlib import closing

import pytest

from nbnebius.errors import JournalError
from nbnebius.events import Claimed, Intent, Outcome
from nbnebius.journal import Bill, Journal, Purse, file, find_answer, writer
from nbnebius.journal.lasting import Lasting

pytestmark = pytest.mark.anyio
KEY = b"0123456789abcdef"
INTENT = Intent(key=KEY, kind="chat", service="s", model="m", cost_bound=0.25, claim=0)
DONE = Outcome("done", 200, body=b"an answer")


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(file, "PATIENCE", 0.2)
    return tmp_path / "home" / "journal.sqlite"


@pytest.fixture
def journal(path):
    journal = Journal(path)
    yield journal
    journal.close()


@contextlib.contextmanager
def locked(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def rows(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def test_an_answer_that_met_a_lock_is_written_with_the_next_commit(journal, path):
    record = await journal.sending(INTENT, 1)
    with locked(path), pytest.raises(JournalError, match="could not be written"):
        await journal.ended(record, DONE)
    assert journal.running == {record: False}
    found = await find_answer(journal, KEY)
    assert found.body == b"an answer"
    assert not journal.running
    assert not journal.unwritten
    assert rows(path, "SELECT state FROM calls") == [("done",)]


async def test_whoever_wants_the_same_gets_the_answer_that_is_written_late(journal, path):
    record = await journal.sending(INTENT, 1)
    with locked(path), pytest.raises(JournalError):
        await journal.ended(record, DONE)
    with pytest.raises(Claimed):
        await journal.sending(INTENT, 1)
    assert rows(path, "SELECT state FROM calls") == [("done",)]


async def test_the_close_writes_what_could_not_be_written(journal, path):
    record = await journal.sending(INTENT, 1)
    with locked(path), pytest.raises(JournalError):
        await journal.ended(record, DONE)
    journal.close()
    assert rows(path, "SELECT state FROM calls") == [("done",)]


async def test_an_answer_with_no_room_on_the_disk_is_not_bought_again(journal, path):
    record = await journal.sending(INTENT, 1)

    def limit(connection, pages):
        connection.execute(f"PRAGMA max_page_count={pages}").fetchone()

    journal.writer.submit(lambda c: limit(c, 1)).result()
    body = bytes(range(256)) * 4000
    large = Outcome("done", 200, body=bytes(b ^ (n % 251) for n, b in enumerate(body)))
    with pytest.raises(JournalError, match="could not be written"):
        await journal.ended(record, large)
    with pytest.raises(JournalError, match="not asked again"):
        await journal.sending(INTENT, 1)
    journal.writer.submit(lambda c: limit(c, 1_000_000)).result()
    assert (await find_answer(journal, KEY)).body == large.body


async def test_what_cannot_be_written_at_all_is_in_doubt_and_may_be_asked_again(journal):
    record = await journal.sending(INTENT, 1)
    with pytest.raises(OverflowError):
        await journal.ended(record, Outcome("done", 2**70, body=b"x"))
    assert not journal.running
    assert await journal.sending(INTENT, 1) > record


async def test_an_answer_that_is_not_written_counts_at_its_highest_price(journal, path):
    purse = Purse(1.0)
    journal.purses.append(purse)
    record = await journal.sending(INTENT, 1)
    with locked(path), pytest.raises(JournalError):
        await journal.ended(record, DONE)
    assert (purse.held, purse.spent) == (0.0, 0.25)


async def test_a_bill_that_met_a_lock_is_written_with_the_next_commit(journal, path):
    record = await journal.sending(INTENT, 1)
    await journal.ended(record, DONE)
    with locked(path), pytest.raises(JournalError):
        await journal.bill(record, Bill(cost=0.125))
    await find_answer(journal, KEY)
    assert rows(path, "SELECT cost FROM calls") == [(0.125,)]


class Waits(Lasting):
    """Work after whose commit the writer stands still until it is told to go on."""

    committed, go = threading.Event(), threading.Event()

    def landed(self):
        self.committed.set()
        self.go.wait(30)


def test_a_group_meets_a_lock_once_and_all_of_it_hears_the_error(journal, path):
    told = []
    journal.writer.submit(Waits(lambda connection: connection.set_trace_callback(told.append)))
    assert Waits.committed.wait(30)
    with locked(path):
        waiting = [journal.writer.submit(lambda c: c.execute("SELECT 1")) for _ in range(5)]
        Waits.go.set()
        failures = [future.exception(timeout=30) for future in waiting]
    assert [type(failure) for failure in failures] == [JournalError] * 5
    assert len({id(failure) for failure in failures}) == 5
    assert told.count("BEGIN IMMEDIATE") == 1


class Ambiguous:
    """A connection whose next commit reaches the disk, and is told to have failed all the same."""

    def __init__(self, connection):
        self.connection, self.fails = connection, False

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def execute(self, sql, *values):
        found = self.connection.execute(sql, *values)
        if sql == "COMMIT" and self.fails:
            self.fails = False
            raise sqlite3.OperationalError("disk I/O error")
        return found


async def test_an_intent_that_is_there_though_its_commit_failed_holds_nobody_up(path, monkeypatch):
    opened = writer.open_journal(path)
    disk = Ambiguous(opened[0])
    monkeypatch.setattr(writer, "open_journal", lambda _: (disk, ""))
    journal = Journal(path)
    try:
        disk.fails = True
        with pytest.raises(JournalError):
            await journal.sending(INTENT, 1)
        assert rows(path, "SELECT state FROM calls") == [("sent",)]
        assert not journal.running
        record = await journal.sending(INTENT, 1)
        assert rows(path, "SELECT state FROM calls ORDER BY id") == [("failed",), ("sent",)]
        await journal.ended(record, DONE)
        assert (await find_answer(journal, KEY)).record == record
    finally:
        journal.close()
