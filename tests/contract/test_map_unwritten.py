"""A job whose journal cannot be written: no paid answer is lost or bought again, nor the frame."""

import asyncio
import contextlib
import gc
import sqlite3
import time
from contextlib import closing

import pandas as pd
import pytest
from answering import Answering
from labeller import Labeller

from nbnebius import errors
from nbnebius.journal import Journal, file
from nbnebius.work.map import run

MODEL = {"model": "talker", "max_tokens": 5}
SIX = pd.DataFrame({"text": [f"text {n}" for n in range(6)]})


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def session(server, opened, monkeypatch):
    monkeypatch.setattr(file, "PATIENCE", 0.2)
    with Answering(server) as running:
        yield opened(running.url)


@contextlib.contextmanager
def locked(path):
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def wait_for(condition):
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def test_answers_that_met_a_locked_journal_are_possibly_paid_and_then_found(session, server):
    session.set_budget(1.0)
    server.go.clear()
    job = session.map(SIX, "{text}", background=True, **MODEL)
    wait_for(lambda: len(server.prompts) == 6)
    with locked(session.journal.path):
        server.go.set()
        with pytest.raises(errors.JournalError) as caught:
            job.wait(60)
    frame = caught.value.frame
    assert list(frame["neb_status"]) == ["possibly_paid"] * 6
    assert frame["neb_cost"].isna().all()
    assert job.possibly_paid > 0
    [purse] = session.journal.purses
    assert purse.held == pytest.approx(0)
    assert purse.spent == pytest.approx(job.possibly_paid)
    again = session.map(SIX, "{text}", **MODEL)
    assert len(server.prompts) == 6
    assert list(again["neb_status"]) == ["ok"] * 6
    assert not session.journal.running


@pytest.fixture
def no_bills(monkeypatch):
    def bill(self, record, bill):
        def write(connection):
            raise sqlite3.OperationalError("database or disk is full")

        return self.committed(write)

    monkeypatch.setattr(Journal, "bill", bill)


@pytest.mark.parametrize("background", [False, True])
def test_the_frame_comes_with_a_bill_that_cannot_be_written(
    session, no_bills, background, monkeypatch
):
    unheard = []
    monkeypatch.setattr(
        asyncio.BaseEventLoop, "call_exception_handler", lambda _, about: unheard.append(about)
    )
    job = session.run_map(SIX, "{text}", background=background, **MODEL)
    with pytest.raises(errors.JournalError, match="could not be written") as caught:
        job.wait(60)
    assert (caught.value.frame["neb_status"] == "ok").any()
    assert caught.value.job.status == "stopped"
    del caught
    gc.collect()
    assert unheard == []


def ask(session, *, background):
    found = session.map(SIX, "{text}", background=background, **MODEL)
    return found.wait(60) if background else found


@pytest.mark.parametrize("kind", [errors.JournalError, ValueError])
@pytest.mark.parametrize("background", [False, True])
def test_whatever_ends_the_work_comes_with_the_frame(session, monkeypatch, kind, background):
    def breaks(*_):
        raise kind("it broke")

    monkeypatch.setattr(run, "too_small", breaks)
    with pytest.raises(kind, match="it broke") as caught:
        ask(session, background=background)
    assert list(caught.value.frame["neb_status"]) == ["unsent"] * 6
    assert caught.value.job.done


def test_the_first_of_several_errors_is_told(session, monkeypatch):
    async def breaks(self, items):
        raise ExceptionGroup("both", [ExceptionGroup("one", [ValueError("first")]), KeyError("b")])

    monkeypatch.setattr(run.Runner, "_pass", breaks)
    with pytest.raises(ValueError, match=r"^first$") as caught:
        ask(session, background=False)
    assert len(caught.value.frame) == 6


def test_a_journal_that_closes_before_the_bill_costs_no_row(session, server, monkeypatch):
    def closed(self, record, bill):
        raise errors.JournalError("The journal is closed")

    monkeypatch.setattr(Journal, "bill", closed)
    with pytest.raises(errors.JournalError, match="is closed") as caught:
        ask(session, background=False)
    answered = caught.value.frame["neb_status"] == "ok"
    assert answered.sum() == len(server.prompts)
    assert (caught.value.frame["neb_cost"][answered] > 0).all()
