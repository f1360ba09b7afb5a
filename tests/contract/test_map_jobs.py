"""Jobs of `map`: in the background, looked at, waited for, awaited, stopped and gone on with."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from contextlib import closing

import pandas as pd
import pytest
from answering import Answering
from labeller import Labeller, refuses

from nbnebius import errors
from nbnebius.events import Progress
from nbnebius.settings import home

FORTY = pd.DataFrame({"text": [f"t{n}" for n in range(40)]})
LONGEST = 60


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def session(server, opened):
    with Answering(server) as running:
        yield opened(running.url, max_retries=0)


def until(condition):
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def background(session, frame=FORTY, **options):
    return session.map(frame, "{text}", background=True, **options)


def test_a_background_job_comes_back_at_once_and_can_be_looked_at(session, server):
    server.go.clear()
    job = background(session, concurrency=4)
    assert not job.done
    assert job.status == "running"
    frame = job.frame()
    assert list(frame["neb_status"]) == ["unsent"] * 40
    assert frame["answer"].isna().all()
    assert "running" in repr(job)
    server.go.set()
    whole = job.wait(LONGEST)
    assert job.done
    assert job.status == "done"
    assert list(whole["answer"]) == [f"<t{n}>" for n in range(40)]
    assert job.frame() is whole
    assert job.counts == {
        "requests": 40,
        "kept": 0,
        "ok": 40,
        "partial": 0,
        "failed": 0,
        "possibly_paid": 0,
        "unsent": 0,
    }
    assert "40 bought" in job._repr_mimebundle_()["text/html"]


def test_other_calls_work_while_a_job_runs(session, server):
    server.answer = lambda prompt: "a word"
    server.go.clear()
    job = background(session, concurrency=2)
    until(lambda: server.prompts)
    plan = session.plan(FORTY, "{text}")
    assert plan.to_send == 40
    server.go.set()
    assert str(session.chat("hello")) == "a word"
    job.wait(LONGEST)


def test_waiting_too_short_gives_what_is_there_and_the_job_goes_on(session, server):
    server.go.clear()
    job = background(session)
    with pytest.raises(errors.NebiusError, match="not over yet") as caught:
        job.wait(0.01)
    assert list(caught.value.frame["neb_status"]) == ["unsent"] * 40
    assert caught.value.job is job
    server.go.set()
    assert (job.wait(LONGEST)["neb_status"] == "ok").all()


def test_a_cancelled_job_keeps_what_was_on_its_way(session, server):
    server.go.clear()
    job = background(session, concurrency=4)
    until(lambda: len(server.prompts) == 4)
    assert job.cancel() is job
    until(lambda: job.status == "stopping")
    server.go.set()
    with pytest.raises(errors.Stopped) as caught:
        job.wait(LONGEST)
    assert job.status == "stopped"
    assert list(caught.value.frame["neb_status"]).count("ok") == 4
    assert len(server.prompts) == 4
    found = session.map(FORTY, "{text}")
    assert (found["neb_status"] == "ok").all()
    assert found["neb_cached"].sum() == 4
    assert len(server.prompts) == 40


def test_a_job_whose_session_is_closed_says_so_and_leaves_nothing_on_its_way(session, server):
    server.go.clear()
    job = background(session, concurrency=4)
    until(lambda: len(server.prompts) == 4)
    session.close()
    assert job.status == "stopped"
    with closing(sqlite3.connect(home() / "journal.sqlite")) as connection:
        states = connection.execute("SELECT state FROM calls").fetchall()
    assert states == [("possibly_paid",)] * 4
    with pytest.raises(errors.NebiusError, match="ended with its session"):
        job.wait(LONGEST)
    server.go.set()


def test_cancelling_a_job_that_has_ended_changes_nothing(session):
    job = background(session)
    job.wait(LONGEST)
    job.cancel()
    session.plan(FORTY, "{text}")  # the loop has had its turn
    assert job.status == "done"
    assert (job.wait(LONGEST)["neb_status"] == "ok").all()


@pytest.mark.anyio
async def test_a_job_can_be_awaited_and_cancelling_the_wait_leaves_it(session, server):
    assert (await background(session))["neb_cached"].sum() == 0
    assert (await background(session))["neb_cached"].all()
    server.go.clear()
    job = background(session, repeat=1)
    waiting = asyncio.ensure_future(_wait(job))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not job.done
    server.go.set()
    assert (await job)["neb_status"].eq("ok").all()
    server.answer = lambda prompt: refuses(400, "no") if prompt < "t2" else "fine"
    with pytest.raises(errors.RowsFailed) as caught:
        await background(session, repeat=2)
    assert len(caught.value.frame) == 40


async def _wait(job):
    return await job


@pytest.mark.anyio
async def test_awaiting_a_job_whose_session_was_closed_is_an_error_with_the_frame(session, server):
    server.go.clear()
    job = background(session)
    session.close()
    with pytest.raises(errors.NebiusError, match="session") as caught:
        await job
    assert len(caught.value.frame) == 40


def test_an_error_of_the_whole_job_is_told_when_it_is_waited_for(session, server):
    server.answer = lambda prompt: refuses(401, "wrong key")
    job = background(session)
    with pytest.raises(errors.AuthenticationError) as caught:
        job.wait(LONGEST)
    assert caught.value.job is job
    assert "unsent" in list(job.frame()["neb_status"])


def interrupt_when(condition):
    """Interrupt this process once, as Ctrl-C does."""

    def wait_and_interrupt():
        until(condition)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=wait_and_interrupt)
    thread.start()
    return thread


def test_an_interrupt_while_waiting_ends_the_wait_and_not_the_job(session, server):
    server.go.clear()
    job = background(session)
    thread = interrupt_when(lambda: server.prompts)
    with pytest.raises(KeyboardInterrupt):
        job.wait(LONGEST)
    thread.join()
    assert not job.done
    server.go.set()
    assert (job.wait(LONGEST)["neb_status"] == "ok").all()


def test_closing_the_session_ends_its_jobs_with_an_error_that_has_the_frame(session, server):
    server.go.clear()
    job = background(session, concurrency=4)
    until(lambda: len(server.prompts) == 4)
    session.close()
    with pytest.raises(errors.NebiusError) as caught:
        job.wait(LONGEST)
    assert len(caught.value.frame) == 40
    assert job.status == "stopped"


def test_a_job_waits_for_what_another_holds_of_the_sessions_budget(session, server):
    options = {"model": "talker", "max_tokens": 5}
    bound = session.plan(FORTY[:1], "{text}", **options).bound
    session.set_budget(2.5 * bound)
    server.go.clear()
    first = background(session, FORTY[:2], **options)
    until(lambda: len(server.prompts) == 2)
    second = background(session, FORTY[2:3], **options)
    with pytest.raises(errors.NebiusError, match="not over yet"):
        second.wait(0.2)
    assert len(server.prompts) == 2
    server.go.set()
    assert (second.wait(LONGEST)["neb_status"] == "ok").all()
    assert (first.wait(LONGEST)["neb_status"] == "ok").all()


def test_progress_is_told_and_ends_with_all(session, server):
    told = []
    session.observer = lambda event: told.append(event) if isinstance(event, Progress) else None
    server.answer = lambda prompt: refuses(400, "no") if prompt == "t3" else "fine"
    session.map(FORTY[:10], "{text}", allow_failed=1)
    session.map(FORTY, "{text}", allow_failed=1)
    last = told[-1]
    assert (last.what, last.done, last.total) == ("requests", 40, 40)
    assert (last.kept, last.failed) == (9, 1)
    assert last.cost > 0
    done = [event.done for event in told if event.total == 40]
    assert done == sorted(done)
    assert done[0] == 9
