"""`map(..., via="batch")`: half the price, never two batches for a row, through any restart."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from _thread import interrupt_main
from pathlib import Path

import pandas as pd
import pytest
from batch_child import DIED, MODEL, POINTS, PROMPT
from boxes import Box
from raw_server import RawServer, json_answer
from sandbox_fixture import running_sandbox

from nbnebius.client.batches import Batches
from nbnebius.client.files import Files
from nbnebius.errors import (
    BudgetReached,
    NebiusError,
    OptionError,
    RequestTimeout,
    RowsFailed,
    Stopped,
    UnprocessableEntityError,
)
from nbnebius.events import Note, Progress
from nbnebius.settings import home
from nbnebius.work.map.batch_file import BatchRules

CHILD = Path(__file__).parents[1] / "batch_child.py"
RULES = BatchRules(first_pause=0.05, longest_pause=0.2)


def rows(count, start=0):
    return pd.DataFrame({"a": range(start, start + count)})


def run(session, frame, prompt=PROMPT, rules=RULES, **more):
    session.batch_rules = rules
    more = {"model": MODEL, "max_tokens": 60, "via": "batch", **more}
    return session.map(frame, prompt, **more)


def journal(query, *values):
    connection = sqlite3.connect(home() / "journal.sqlite")
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def totals(session):
    """How many requests each batch holds, the newest first."""
    return [batch.request_counts.total for batch in session.batches()]


def until(is_there):
    for _ in range(1200):
        if is_there():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


@pytest.fixture
def own_box(tmp_path):
    """Start sandboxes of one's own, with options."""
    running = []

    def start(*options):
        context = running_sandbox(tmp_path, *options)
        running.append(context)
        return Box(context.__enter__())

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def tampered(monkeypatch):
    """Change what batch files hold on their way here, as a server might have written them."""

    def tamper(change):
        original = Files.save

        async def save(self, file_id, path, **more):
            saved = await original(self, file_id, path, **more)
            lines = [json.loads(line) for line in saved.read_text().splitlines()]
            written = [
                line if isinstance(line, str) else json.dumps(line) for line in change(lines)
            ]
            saved.write_text("".join(f"{line}\n" for line in written))
            return saved

        monkeypatch.setattr(Files, "save", save)

    return tamper


def start_child(box, count, point="none"):
    command = [sys.executable, str(CHILD), box.url, box.key, str(count), point]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_every_row_has_its_own_answer_at_half_the_price(at_box, box):
    frame = pd.DataFrame({"a": [3, 1, 2, 3, None]}, index=list("vwxyz"))
    online = run(at_box(), frame, via="online", repeat=7)
    before = len(at_box().batches())
    got = run(at_box(), frame, repeat=0)
    assert list(got.index) == list("vwxyz")
    assert list(got.neb_status) == ["ok", "ok", "ok", "ok", "skipped"]
    assert list(got.answer)[:4] == list(online.answer)[:4]
    assert got.neb_cost.sum() == pytest.approx(online.neb_cost.sum() / 2)
    assert got.neb_cost.sum() > 0
    assert not got.neb_cached.any()
    made = at_box().batches()
    assert len(made) == before + 1
    assert made[0].metadata["job"] == "answer"
    assert made[0].request_counts.total == 3


def test_answers_of_a_batch_are_kept_for_every_later_run(at_box, box):
    first = run(at_box(), rows(3, 100))
    sent = box.count("/batches")
    again = run(at_box(), rows(3, 100))
    online = run(at_box(), rows(3, 100), via="online")
    assert box.count("/batches") == sent
    assert again.neb_cached.all()
    assert online.neb_cached.all()
    assert list(first.answer) == list(again.answer) == list(online.answer)
    assert again.neb_cost.sum() == online.neb_cost.sum() == 0


def test_only_rows_without_an_answer_are_sent(at_box):
    run(at_box(), rows(2, 200), via="online")
    run(at_box(), rows(5, 200))
    assert at_box().batches()[0].request_counts.total == 3


@pytest.mark.parametrize("point", POINTS)
def test_a_kernel_that_dies_anywhere_leaves_one_batch_to_the_next(own_box, opened, point):
    box = own_box()
    child = start_child(box, 7, point)
    assert child.wait(120) == DIED
    child.stdout.close()
    session = opened(box.url, box.key)
    got = run(session, rows(7))
    assert list(got.neb_status) == ["ok"] * 7
    assert totals(session) == [7]
    assert len(session.files("batch")) == 1
    assert journal("SELECT state, count(*) FROM calls GROUP BY 1") == [("done", 7)]
    assert journal("SELECT state FROM jobs") == [("harvested",)]
    assert list(run(opened(box.url, box.key), rows(7)).neb_cached) == [True] * 7


def test_two_kernels_at_once_send_each_row_once(own_box, opened):
    box = own_box("--batch-rows-per-second", "20")
    children = [start_child(box, 40) for _ in range(2)]
    told = [json.loads(child.communicate(timeout=180)[0]) for child in children]
    assert [one["status"] for one in told] == [["ok"] * 40] * 2
    session = opened(box.url, box.key)
    assert sum(totals(session)) == 40
    paid = journal("SELECT sum(cost), count(*) FROM calls WHERE state = 'done'")
    assert paid[0][1] == 40
    assert sum(one["cost"] for one in told) == pytest.approx(paid[0][0])


def test_a_batch_is_found_again_even_without_the_journal(own_box, opened, monkeypatch, tmp_path):
    box = own_box()
    first = run(opened(box.url, box.key), rows(3))
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path / "other"))
    session = opened(box.url, box.key)
    again = run(session, rows(3))
    assert list(again.answer) == list(first.answer)
    assert totals(session) == [3]


def test_rows_are_split_into_batches_at_the_limit(own_box, opened):
    box = own_box()
    session = opened(box.url, box.key)
    rules = BatchRules(requests=10, first_pause=0.05, longest_pause=0.2)
    got = run(session, rows(25), rules=rules)
    assert (got.neb_status == "ok").all()
    assert totals(session) == [5, 10, 10]
    assert len({batch.input_file_id for batch in session.batches()}) == 3


def test_an_interrupt_ends_the_waiting_and_not_the_batch(own_box, opened):
    box = own_box("--batch-rows-per-second", "2")
    session, other = opened(box.url, box.key), opened(box.url, box.key)

    def interrupt():
        until(lambda: journal("SELECT 1 FROM jobs WHERE state = 'created'"))
        interrupt_main()

    until(lambda: home().mkdir(parents=True, exist_ok=True) is None and session.journal)
    threading.Thread(target=interrupt).start()
    with pytest.raises(Stopped) as stopped:
        run(session, rows(6))
    batch = other.batches()[0]
    frame = stopped.value.frame
    assert set(frame.neb_status) == {"unsent"}
    assert set(frame.neb_error) == {f"in batch {batch.id}"}
    assert batch.id in stopped.value.why
    assert "again" in stopped.value.hint
    got = run(other, rows(6))
    assert (got.neb_status == "ok").all()
    assert [one.id for one in other.batches()] == [batch.id]


def test_a_job_in_the_background_tells_how_far_it_is(own_box, opened):
    box = own_box("--batch-rows-per-second", "4")
    session = opened(box.url, box.key)
    job = run(session, rows(4), background=True)
    assert job.status == "running"
    assert (job.wait(60).neb_status == "ok").all()
    assert job.counts["ok"] == 4
    assert job.cost > 0


def test_cancelling_a_job_leaves_its_batch_at_the_server(own_box, opened):
    box = own_box("--batch-rows-per-second", "2")
    session = opened(box.url, box.key)
    job = run(session, rows(6), background=True)
    until(lambda: journal("SELECT 1 FROM jobs WHERE state = 'created'"))
    job.cancel()
    with pytest.raises(Stopped):
        job.wait(60)
    assert session.get_batch(session.batches()[0].id).wait(60).status == "completed"
    assert (run(session, rows(6)).neb_status == "ok").all()
    assert totals(session) == [6]


def test_what_an_expired_batch_answered_is_kept_and_the_rest_asked_anew(own_box, opened):
    box = own_box("--batch-rows-per-second", "4", "--batch-window", "2")
    session = opened(box.url, box.key)
    with pytest.raises(RowsFailed) as failed:
        run(session, rows(40))
    frame = failed.value.frame
    ok = int((frame.neb_status == "ok").sum())
    assert 0 < ok < 40
    assert frame.neb_error.dropna().str.contains("expired").all()
    with pytest.raises(RowsFailed):
        run(session, rows(40), allow_failed=0)
    assert totals(session) == [40 - ok, 40]
    done = journal("SELECT count(*), count(DISTINCT key) FROM calls WHERE state = 'done'")
    assert done[0][0] == done[0][1] > ok


def test_a_cancelled_batch_gives_what_was_finished(own_box, opened):
    box = own_box("--batch-rows-per-second", "4")
    session = opened(box.url, box.key)
    job = run(session, rows(40), background=True)
    until(lambda: any((b.request_counts.completed or 0) > 1 for b in session.batches()))
    session.cancel_batch(session.batches()[0].id)
    with pytest.raises(RowsFailed) as failed:
        job.wait(60)
    assert 1 < (failed.value.frame.neb_status == "ok").sum() < 40


def test_a_line_with_an_error_fails_its_row_alone_and_is_asked_again(
    own_box, opened, tampered, monkeypatch
):
    box = own_box()
    session = opened(box.url, box.key)
    original = Files.save
    failed = {"response": None, "error": {"code": "hot", "message": "too hot"}}
    tampered(lambda lines: [{**lines[0], **failed}, *lines[1:]])
    got = run(session, rows(5), allow_failed=1)
    assert sorted(got.neb_status) == ["failed", *["ok"] * 4]
    assert list(got.neb_error.dropna()) == ["too hot"]
    monkeypatch.setattr(Files, "save", original)
    assert (run(session, rows(5)).neb_status == "ok").all()
    assert totals(session) == [1, 5]


@pytest.mark.parametrize("made", [True, False])
def test_a_batch_that_may_have_been_created_is_looked_for_before_another_is(
    own_box, opened, monkeypatch, made
):
    box = own_box()
    session = opened(box.url, box.key)
    original = Batches.create

    async def lose_the_answer(self, body, **more):
        if made:
            await original(self, body, **more)
        raise RequestTimeout("no answer came")

    monkeypatch.setattr(Batches, "create", lose_the_answer)
    with pytest.raises(RequestTimeout) as lost:
        run(session, rows(3))
    assert list(lost.value.frame.neb_status) == ["unsent"] * 3
    monkeypatch.setattr(Batches, "create", original)
    assert (run(session, rows(3)).neb_status == "ok").all()
    assert totals(session) == [3]


def test_a_batch_that_is_refused_leaves_nothing_behind(own_box, opened, monkeypatch):
    box = own_box()
    session = opened(box.url, box.key)
    original = Batches.create

    async def refuse(self, body, **more):
        return await original(self, {**body, "completion_window": "1h"}, **more)

    monkeypatch.setattr(Batches, "create", refuse)
    with pytest.raises(UnprocessableEntityError):
        run(session, rows(3), background=True).wait(60)
    assert journal("SELECT count(*) FROM calls") == journal("SELECT count(*) FROM jobs") == [(0,)]
    assert session.files("batch") == []
    monkeypatch.setattr(Batches, "create", original)
    assert (run(session, rows(3)).neb_status == "ok").all()


def test_a_batch_that_the_server_does_not_know_is_not_replaced_before_its_time(
    own_box, opened, monkeypatch
):
    box = own_box()
    session = opened(box.url, box.key)
    original = Batches.retrieve

    async def forget(self, batch_id, **more):
        return await original(self, "batch_nowhere", **more)

    monkeypatch.setattr(Batches, "retrieve", forget)
    with pytest.raises(NebiusError, match="does not know") as unknown:
        run(session, rows(2))
    assert set(unknown.value.frame.neb_status) == {"unsent"}
    connection = sqlite3.connect(home() / "journal.sqlite")
    with connection:
        connection.execute("UPDATE jobs SET made_at = made_at - 3 * 86400")
    connection.close()
    got = run(session, rows(2), allow_failed=1)
    assert set(got.neb_status) == {"possibly_paid"}
    monkeypatch.setattr(Batches, "retrieve", original)
    assert (run(session, rows(2)).neb_status == "ok").all()


def test_the_same_rows_are_asked_anew_when_all_of_them_failed(own_box, opened, monkeypatch):
    box = own_box()
    session = opened(box.url, box.key)
    original = Files.save

    async def spoil(self, file_id, path, **more):
        saved = await original(self, file_id, path, **more)
        ids = [json.loads(line)["custom_id"] for line in saved.read_text().splitlines()]
        bad = [{"custom_id": one, "error": {"message": "no"}} for one in ids]
        saved.write_text("\n".join(map(json.dumps, bad)))
        return saved

    monkeypatch.setattr(Files, "save", spoil)
    with pytest.raises(RowsFailed):
        run(session, rows(3))
    monkeypatch.setattr(Files, "save", original)
    assert (run(session, rows(3)).neb_status == "ok").all()
    assert totals(session) == [3, 3]


def test_requests_in_neither_file_fail_and_are_sent_alone(own_box, opened, monkeypatch, tampered):
    box = own_box()
    session = opened(box.url, box.key)
    original = Files.save
    tampered(lambda lines: lines[2:])
    got = run(session, rows(6), allow_failed=1)
    assert sorted(got.neb_status) == ["failed"] * 2 + ["ok"] * 4
    assert got.neb_error.dropna().str.contains("without an answer").all()
    monkeypatch.setattr(Files, "save", original)
    assert (run(session, rows(6)).neb_status == "ok").all()
    assert totals(session) == [2, 6]


def test_lines_that_came_twice_or_belong_to_nobody_are_ignored_with_a_note(
    own_box, opened, tampered
):
    box = own_box()
    session = opened(box.url, box.key)
    seen = []
    session.observer = seen.append
    strange = [{"custom_id": "request-1", "response": {}}, {"custom_id": "00" * 16}, "no json"]
    tampered(lambda lines: [*lines, lines[0], *strange])
    assert (run(session, rows(3)).neb_status == "ok").all()
    notes = [event.text for event in seen if isinstance(event, Note) and "ignored" in event.text]
    assert len(notes) == 1
    assert "1 lines came twice" in notes[0]
    assert "3 lines name no request" in notes[0]
    assert journal("SELECT count(*) FROM calls") == [(3,)]


def test_answers_in_a_wrapper_read_the_same(own_box, opened, tampered):
    box = own_box()
    tampered(
        lambda lines: [
            {**line, "response": {"status_code": 200, "body": line["response"]}} for line in lines
        ]
    )
    got = run(opened(box.url, box.key), rows(3))
    assert (got.neb_status == "ok").all()
    assert (got.neb_tokens > 0).all()


def test_a_budget_is_held_for_the_whole_batch_at_its_rate(own_box, opened):
    box = own_box()
    session = opened(box.url, box.key)
    bound = session.plan(rows(1), PROMPT, model=MODEL, max_tokens=60).bound
    budget = bound / 2 * 3.5
    with pytest.raises(BudgetReached) as over:
        run(session, rows(8), budget=budget)
    status = list(over.value.frame.neb_status)
    sent = status.count("ok")
    assert status == ["ok"] * sent + ["unsent"] * (8 - sent)
    assert 3 <= sent < 8
    assert totals(session) == [sent]
    assert over.value.frame.neb_cost.sum() <= budget
    assert (run(session, rows(8)).neb_status == "ok").all()
    assert totals(session) == [8 - sent, sent]


def test_a_session_s_budget_holds_the_batch_until_its_cost_is_known(own_box, opened):
    box = own_box()
    session = opened(box.url, box.key)
    session.set_budget(1.0)
    (purse,) = session.budgets()
    got = run(session, rows(4))
    assert purse.held == pytest.approx(0)
    assert purse.spent == pytest.approx(got.neb_cost.sum())


def test_money_is_let_go_of_though_another_kernel_brought_the_batch_home(own_box, opened):
    box = own_box("--batch-rows-per-second", "4")
    session, other = opened(box.url, box.key), opened(box.url, box.key)
    session.set_budget(1.0)
    (purse,) = session.budgets()
    job = run(session, rows(4), background=True)
    until(lambda: journal("SELECT 1 FROM jobs WHERE state = 'created'"))
    job.cancel()
    with pytest.raises(Stopped):
        job.wait(60)
    assert purse.held > 0
    got = run(other, rows(4))
    assert (got.neb_status == "ok").all()
    session.budgets()
    assert purse.held == pytest.approx(0)
    assert purse.spent == pytest.approx(got.neb_cost.sum())


def test_kernels_that_wait_for_one_batch_count_it_once_each(own_box, opened):
    box = own_box("--batch-rows-per-second", "4")
    sessions = [opened(box.url, box.key) for _ in range(2)]
    purses = []
    for session in sessions:
        session.set_budget(1.0)
        purses += session.budgets()
    jobs = [run(session, rows(6), background=True) for session in sessions for _ in range(2)]
    frames = [job.wait(60) for job in jobs]
    assert all((frame.neb_status == "ok").all() for frame in frames)
    assert totals(sessions[0]) == [6]
    (paid,) = journal("SELECT sum(cost) FROM calls")[0]
    assert [purse.held for purse in purses] == pytest.approx([0, 0])
    assert [purse.spent for purse in purses] == pytest.approx([paid, paid])


@pytest.mark.parametrize("made", [True, False])
def test_money_of_a_batch_in_doubt_is_held_until_it_is_known(own_box, opened, monkeypatch, made):
    box = own_box()
    session = opened(box.url, box.key)
    session.set_budget(1.0)
    (purse,) = session.budgets()
    original = Batches.create

    async def lose_the_answer(self, body, **more):
        if made:
            await original(self, body, **more)
        raise RequestTimeout("no answer came")

    monkeypatch.setattr(Batches, "create", lose_the_answer)
    with pytest.raises(RequestTimeout):
        run(session, rows(3))
    (bound,) = journal("SELECT sum(cost_bound) FROM calls")[0]
    assert purse.held == pytest.approx(bound)
    monkeypatch.setattr(Batches, "create", original)
    got = run(session, rows(3))
    assert purse.held == pytest.approx(0)
    assert purse.spent == pytest.approx(got.neb_cost.sum())


def test_a_batch_taken_over_from_the_dead_is_held_until_its_cost_is_known(own_box, opened):
    box = own_box("--batch-rows-per-second", "2")
    with start_child(box, 4, "created") as child:
        assert child.wait(60) == DIED
    (bound,) = journal("SELECT sum(cost_bound) FROM calls")[0]
    session = opened(box.url, box.key)
    session.set_budget(1.0)
    (purse,) = session.budgets()
    job = run(session, rows(4), background=True)
    until(lambda: purse.held)
    assert purse.held == pytest.approx(bound)
    got = job.wait(60)
    assert purse.held == pytest.approx(0)
    assert purse.spent == pytest.approx(got.neb_cost.sum())


@pytest.mark.parametrize("whose", ["job", "session", "day"])
def test_a_batch_of_an_earlier_run_takes_its_room_in_every_budget(own_box, opened, whose):
    box = own_box("--batch-rows-per-second", "4")
    first, session = opened(box.url, box.key), opened(box.url, box.key)
    bound = session.plan(rows(1), PROMPT, model=MODEL, max_tokens=60).bound / 2
    job = run(first, rows(4), background=True)
    until(lambda: journal("SELECT 1 FROM jobs WHERE state = 'created'"))
    job.cancel()
    with pytest.raises(Stopped):
        job.wait(60)
    room = 5.5 * bound
    if whose != "job":
        session.set_budget(room, whose)
    with pytest.raises(BudgetReached) as over:
        run(session, rows(8), budget=room if whose == "job" else None)
    # Four rows are in the earlier batch; there is room for one more.
    assert list(over.value.frame.neb_status) == ["ok"] * 5 + ["unsent"] * 3
    assert totals(session) == [1, 4]


def test_rows_in_a_batch_already_need_no_second_consent(own_box, opened, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_CONFIRM_USD", "0")
    box = own_box("--batch-rows-per-second", "4")
    session = opened(box.url, box.key)
    asked = []
    session.asker = type("Yes", (), {"confirm": lambda _, question: asked.append(question) or 1})()
    job = run(session, rows(6), background=True)
    until(lambda: journal("SELECT 1 FROM jobs WHERE state = 'created'"))
    assert (run(session, rows(6)).neb_status == "ok").all()
    assert (job.wait(60).neb_status == "ok").all()
    assert len(asked) == 1
    assert "as a batch" in asked[0]
    assert totals(session) == [6]


def test_asking_rows_online_that_are_in_a_batch_says_so(own_box, opened):
    box = own_box("--batch-rows-per-second", "1")
    session = opened(box.url, box.key)
    seen = []
    session.observer = seen.append
    job = run(session, rows(3), background=True)
    until(lambda: journal("SELECT 1 FROM jobs WHERE state = 'created'"))
    run(session, rows(3), via="online")
    job.cancel()
    assert any("3 of these rows are in a batch" in e.text for e in seen if isinstance(e, Note))


def test_progress_tells_the_batch_and_its_state(own_box, opened):
    box = own_box("--batch-rows-per-second", "4")
    session = opened(box.url, box.key)
    seen = []
    session.observer = seen.append
    run(session, rows(4))
    told = [event for event in seen if isinstance(event, Progress) and event.what == "requests"]
    batch = session.batches()[0]
    assert any(event.state.startswith(f"{batch.id}: in_progress") for event in told)
    assert (told[-1].done, told[-1].total) == (4, 4)


def test_a_row_that_cannot_be_sent_fails_alone(own_box, opened):
    box = own_box()
    session = opened(box.url, box.key)
    frame = pd.DataFrame({"a": pd.Series(["one", "half \ud800", "two"], dtype="object")})
    got = run(session, frame, "Say {a}", allow_failed=1)
    assert list(got.neb_status) == ["ok", "failed", "ok"]
    assert totals(session) == [2]


def test_a_private_job_cannot_be_a_batch(at_box):
    with pytest.raises(OptionError, match="private"):
        run(at_box(), rows(2), private=True)


@pytest.mark.anyio
async def test_a_service_without_batches_is_named(opened):
    import anyio

    models = json_answer({"data": [{"id": MODEL, "object": "model"}]})
    missing = json_answer({"detail": "Not Found"}, status=404)
    async with RawServer([models, missing]) as server:
        session = opened(f"{server.url}/v1/", "key")
        with pytest.raises(OptionError, match="no Batch API") as error:
            await anyio.to_thread.run_sync(lambda: run(session, rows(2)))
    assert "online" in error.value.hint
    assert journal("SELECT count(*) FROM calls") == journal("SELECT count(*) FROM jobs") == [(0,)]
