"""The money of `map`: plans, budgets, prices, and asking before much is spent."""

import json
import sqlite3
from contextlib import closing

import pandas as pd
import pytest
from answering import Answering, Says, said
from labeller import Asker, Labeller

from nbnebius import errors
from nbnebius.events import Note
from nbnebius.session.consent import CONFIRM
from nbnebius.settings import home

# What `answering.MODELS` says of "talker", and `said` of an answer.
IN, OUT = 1e-6, 2e-6
COST = 10 * IN + 5 * OUT
MODEL = {"model": "talker", "max_tokens": 5}
HUNDRED = pd.DataFrame({"text": [f"text {n}" for n in range(100)]})


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def session(server, opened):
    with Answering(server) as running:
        yield opened(running.url)


def statuses(frame):
    return frame["neb_status"].value_counts()


def test_a_plan_sends_nothing_and_its_numbers_are_right(session, server):
    frame = pd.DataFrame({"text": ["aaaa" * 10, "bbbb" * 10, "aaaa" * 10, None]})
    plan = session.plan(frame, "Say: {text}", **MODEL)
    assert server.prompts == []
    assert (plan.rows, plan.requests, plan.duplicates, plan.skipped) == (4, 2, 1, 1)
    assert (plan.kept, plan.to_send, plan.measured) == (0, 2, 0)
    assert plan.tokens_out == 10
    assert plan.cost == pytest.approx(plan.tokens_in * IN + plan.tokens_out * OUT)
    assert plan.batch_cost == plan.cost / 2
    assert plan.bound > plan.cost
    assert plan.prompts == ["Say: " + "aaaa" * 10, "Say: " + "bbbb" * 10]
    shown = repr(plan)
    assert "an estimate" in shown
    assert "Nothing was sent" in shown
    assert "Say: aaaa" in plan._repr_html_()
    session.map(frame, "Say: {text}", **MODEL)
    after = session.plan(frame, "Say: {text}", **MODEL)
    assert (after.kept, after.to_send, after.cost) == (2, 0, 0)


def test_a_plan_learns_from_earlier_calls(session):
    session.map(HUNDRED[:40], "{text}", **MODEL)
    plan = session.plan(HUNDRED, "{text}", **MODEL)
    assert plan.measured == 40
    assert plan.tokens_out == 60 * 5
    assert plan.tokens_in == pytest.approx(60 * 10, rel=0.1)
    assert plan.cost == pytest.approx(60 * COST, rel=0.1)


def test_a_plan_of_a_sample_tells_what_all_rows_may_cost(session):
    plan = session.plan(HUNDRED, "{text}", sample=10, **MODEL)
    assert (plan.rows, plan.whole, plan.to_send) == (10, 100, 10)
    assert "10 of 100" in repr(plan)
    assert "all rows (an estimate)" in repr(plan)


def test_what_is_bounded_is_never_exceeded(session, server):
    plan = session.plan(HUNDRED, "{text}", **MODEL)
    found = session.map(HUNDRED, "{text}", **MODEL)
    assert found["neb_cost"].sum() <= plan.bound


def test_a_budget_stops_the_job_and_the_next_run_goes_on(session, server):
    bound = session.plan(HUNDRED[:1], "{text}", **MODEL).bound
    budget = 30 * COST + bound
    with pytest.raises(errors.BudgetReached) as caught:
        session.map(HUNDRED, "{text}", budget=budget, **MODEL)
    frame = caught.value.frame
    spent = frame["neb_cost"].sum()
    assert spent <= budget
    assert len(server.prompts) * COST == pytest.approx(spent)
    assert statuses(frame)["ok"] == len(server.prompts) >= 20
    assert statuses(frame)["unsent"] == 100 - len(server.prompts)
    assert frame["neb_cost"][frame["neb_status"] == "unsent"].isna().all()
    assert "larger budget" in caught.value.hint
    found = session.map(HUNDRED, "{text}", budget=1.0, **MODEL)
    assert (found["neb_status"] == "ok").all()
    assert len(server.prompts) == 100


def test_a_budget_too_small_for_one_request_sends_nothing(session, server):
    with pytest.raises(errors.BudgetReached) as caught:
        session.map(HUNDRED, "{text}", budget=1e-9, **MODEL)
    assert server.prompts == []
    assert statuses(caught.value.frame)["unsent"] == 100


@pytest.mark.parametrize("per", ["session", "day"])
def test_the_budgets_of_a_session_and_a_day_stop_it(session, server, per):
    session.map(HUNDRED[:10], "{text}", **MODEL)
    bound = session.plan(HUNDRED[:1], "{text}", fresh=True, **MODEL).bound
    session.set_budget(30 * COST + bound, per)
    with pytest.raises(errors.BudgetReached) as caught:
        session.map(HUNDRED, "{text}", **MODEL)
    assert per in str(caught.value)
    assert len(server.prompts) * COST <= 30 * COST + bound
    assert statuses(caught.value.frame)["ok"] == len(server.prompts) >= 20
    session.set_budget(None, per)
    assert (session.map(HUNDRED, "{text}", **MODEL)["neb_status"] == "ok").all()
    assert len(server.prompts) == 100


def test_both_budgets_hold_at_once(session, server):
    bound = session.plan(HUNDRED[:1], "{text}", **MODEL).bound
    session.set_budget(40 * COST + bound)
    with pytest.raises(errors.BudgetReached):
        session.map(HUNDRED, "{text}", budget=20 * COST + bound, **MODEL)
    assert len(server.prompts) * COST <= 20 * COST + bound
    with pytest.raises(errors.BudgetReached):
        session.map(HUNDRED, "{text}", budget=100 * COST, **MODEL)
    assert 30 * COST <= len(server.prompts) * COST <= 40 * COST + bound


@pytest.mark.parametrize("per", ["call", "session"])
def test_answers_that_do_not_tell_their_tokens_count_at_their_highest_price(session, server, per):
    untold = said("fine")
    del untold["usage"]
    server.answer = lambda prompt: Says(body=untold)
    bound = session.plan(["text 0"], "{text}", **MODEL).bound
    budget = bound * 3.5
    if per == "session":
        session.set_budget(budget)
    with pytest.raises(errors.BudgetReached) as caught:
        session.map(HUNDRED[:10], "{text}", budget=budget if per == "call" else None, **MODEL)
    assert len(server.prompts) == 3
    assert caught.value.job.cost is None
    assert caught.value.frame["neb_cost"].isna().all()


def test_a_budget_needs_a_price_and_a_longest_answer(session, server):
    with pytest.raises(errors.OptionError, match="cannot be kept") as caught:
        session.map(HUNDRED, "{text}", budget=1.0, model="talker")
    assert "max_tokens" in caught.value.hint
    with pytest.raises(errors.OptionError, match="cannot be kept"):
        session.map(HUNDRED, "{text}", budget=1.0, model="unpriced", max_tokens=5)
    assert server.prompts == []
    found = session.map(["a"], "{text}", budget=1.0, price="1,2", model="unpriced", max_tokens=5)
    assert found["neb_cost"][0] == pytest.approx(COST)


def test_an_unknown_price_is_never_zero(session):
    job = session.run_map(["a"], "{text}", model="unpriced")
    assert job.frame()["neb_cost"].isna().all()
    assert job.cost is None
    assert "USD 0" not in job.summary
    plan = session.plan(["a", "b"], "{text}", model="unpriced")
    assert plan.cost is None
    assert plan.bound is None
    assert "USD 0" not in repr(plan)


def test_a_price_that_is_told_replaces_the_catalogs(session):
    found = session.map(["a"], "{text}", price=(10, 20), **MODEL)
    assert found["neb_cost"][0] == pytest.approx(10 * COST)


def test_above_a_dollar_somebody_is_asked(session, server, monkeypatch):
    monkeypatch.setenv(CONFIRM, "0.001")
    session.asker = no = Asker("n")
    with pytest.raises(errors.Stopped, match="did not agree"):
        session.map(HUNDRED, "{text}", **MODEL)
    assert server.prompts == []
    assert len(no.asked) == 1
    assert "100 requests" in no.asked[0]
    assert "an estimate" in no.asked[0]
    assert "as a batch" in no.asked[0]
    session.asker = yes = Asker("y")
    session.map(HUNDRED, "{text}", **MODEL)
    assert len(yes.asked) == 1
    session.map(HUNDRED, "{text}", **MODEL)
    assert len(yes.asked) == 1  # nothing is left to pay for


def test_a_budget_is_consent_and_a_cheap_job_is_not_asked_about(session, server, monkeypatch):
    session.asker = asker = Asker("n")
    session.map(HUNDRED[:5], "{text}", **MODEL)
    monkeypatch.setenv(CONFIRM, "0.0001")
    session.map(HUNDRED, "{text}", budget=1.0, **MODEL)
    assert asker.asked == []
    assert len(server.prompts) == 100


def test_where_nobody_can_be_asked_it_says_how_to_agree(session, server, monkeypatch):
    monkeypatch.setenv(CONFIRM, "0.001")
    with pytest.raises(errors.OptionError, match="nobody can be asked") as caught:
        session.map(HUNDRED, "{text}", **MODEL)
    assert "--budget" in caught.value.hint
    assert CONFIRM in caught.value.hint
    assert server.prompts == []
    monkeypatch.setenv(CONFIRM, "much")
    with pytest.raises(errors.SettingsError, match=CONFIRM):
        session.map(HUNDRED, "{text}", **MODEL)


def test_the_threshold_is_one_dollar(session, server):
    session.asker = asker = Asker("n")
    session.map(HUNDRED[:3], "{text}", price=(1000, 1000), **MODEL)
    assert asker.asked == []
    with pytest.raises(errors.Stopped):
        session.map(HUNDRED, "{text}", price=(1000, 1000), **MODEL)
    assert len(server.prompts) == 3


def test_what_is_private_leaves_usage_and_nothing_else(session, server):
    canary = "xyzzyplugh"
    server.answer = lambda prompt: f"an answer with {canary}"
    found = session.map([f"{canary} {n}" for n in range(3)], "{text}", private=True, **MODEL)
    assert (found["neb_status"] == "ok").all()
    again = session.map([f"{canary} {n}" for n in range(3)], "{text}", private=True, **MODEL)
    assert not again["neb_cached"].any()
    assert len(server.prompts) == 6
    session.close()
    kept = b"".join(p.read_bytes() for p in home().rglob("*") if p.is_file())
    assert canary.encode() not in kept
    with closing(sqlite3.connect(home() / "journal.sqlite")) as connection:
        (count, cost) = connection.execute("SELECT count(*), sum(cost) FROM calls").fetchone()
    assert count == 6
    assert cost == pytest.approx(6 * COST)


def test_a_private_run_is_not_answered_from_what_is_kept(session, server):
    session.map(["a"], "{text}", **MODEL)
    session.map(["a"], "{text}", private=True, **MODEL)
    assert len(server.prompts) == 2


def test_the_first_run_says_once_where_answers_are_kept(session):
    told = []
    session.observer = lambda event: told.append(event) if isinstance(event, Note) else None
    session.map(["a"], "{text}", **MODEL)
    session.map(["b"], "{text}", **MODEL)
    texts = [note.text for note in told]
    assert sum("answers are kept in" in text for text in texts) == 1
    assert sum(text.startswith("1 rows · 1 bought") for text in texts) == 2


def test_a_recorded_job_replays_to_the_same_frame(session, server, tmp_path):
    def answer(prompt):
        return {"label": "a" if "1" in prompt else "b"}

    server.answer = answer
    session.map(HUNDRED[:10], "{text}", schema="label a|b", **MODEL)
    tape = tmp_path / "job.tape"
    session.record(tape)
    first = session.map(HUNDRED[:30], "{text}", schema="label a|b", **MODEL)
    session.record(None)
    asked = len(server.prompts)
    session.replay(tape)
    played = session.map(HUNDRED[:30], "{text}", schema="label a|b", **MODEL)
    given = [c for c in first.columns if c not in {"neb_cached", "neb_cost"}]
    pd.testing.assert_frame_equal(played[given], first[given])
    assert len(server.prompts) == asked
    with pytest.raises(errors.NebiusError) as caught:
        session.map(HUNDRED[:31], "{text}", schema="label a|b", **MODEL)
    assert statuses(caught.value.frame)["ok"] == 30
    assert "HUNDRED" not in json.dumps(str(caught.value))


def test_a_private_row_is_not_recorded(session, tmp_path):
    tape = tmp_path / "job.tape"
    session.record(tape)
    session.map(["xyzzyplugh"], "{text}", private=True, **MODEL)
    session.record(None)
    assert b"xyzzyplugh" not in tape.read_bytes()
