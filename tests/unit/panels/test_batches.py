"""The batches panel without widgets: looked at, followed, cancelled, read."""

import time

import pandas as pd
import pytest

import nbnebius
from nbnebius.panels.batches import state as batches
from nbnebius.panels.batches.state import BatchesState

MODEL = "meta-llama/Meta-Llama-3.1-8B-Instruct"
LONGEST = 60


@pytest.fixture
def make(variables, session):
    """Give a function that creates a batch of some requests."""

    def one(count=3):
        body = {"model": MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
        file = nbnebius.upload(pd.DataFrame({"body": [body] * count}))
        return nbnebius.create_batch(file["id"][0], metadata={"about": "greetings"})

    return one


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(batches, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(batches, "STEP", 0.01)


def read(done):
    state = BatchesState()
    state.read()
    return done(state)


def until(condition):
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_following_looks_until_all_batches_are_over_and_then_no_more(make, done):
    job = make()
    state = read(done)
    assert state.batch.id == job.id
    state.follow()
    until(lambda: not state.following)
    assert state.error == ""
    assert state.active == 0
    assert state.status == "no batch is running: nothing is left to follow"
    row = state.table.iloc[0]
    assert (row["done"], row["failed"]) == ("3 of 3", 0)


def test_following_can_be_switched_off_and_what_goes_wrong_ends_it(make, done, monkeypatch):
    state = BatchesState()
    monkeypatch.setattr(BatchesState, "active", 1)
    state.follow()
    until(lambda: state.looked)
    state.follow(on=False)
    assert not state.following
    assert state._follower.wait(LONGEST)
    looked = []
    monkeypatch.setattr(
        "nbnebius.session.Session.batches", lambda *_, **__: looked.append(1) or 1 / 0
    )
    state.follow()
    assert state._follower.wait(LONGEST)
    assert (len(looked), state.following) == (1, False)
    assert "division" in state.error


def test_results_go_into_a_variable_with_what_they_cost(make, done, variables):
    make().wait(LONGEST)
    state = read(done)
    assert "cost" not in state.table
    assert state.to_cell() == "%batches --limit 10\n"
    state.out = "greetings"
    state.results()
    done(state)
    assert len(variables["greetings"]) == 3
    assert state.status.startswith("greetings: 3 rows, USD 0.")
    assert state.table["cost"].iloc[0] == pytest.approx(variables["greetings"]["cost"].sum())
    assert state.to_cell() == f"%batches --out greetings {state.chosen} results\n"


def test_the_output_is_downloaded_into_a_new_file(make, done, tmp_path):
    job = make().wait(LONGEST)
    state = read(done)
    state.download()
    done(state)
    assert (tmp_path / f"{job.id}_output.jsonl").read_text().count("\n") == 3
    state.download()
    done(state)
    assert state.status == f"saved as {job.id}_output_2.jsonl"


def test_a_batch_is_cancelled(make, done, sandbox):
    make(400)
    state = read(done)
    state.cancel()
    done(state)
    state.follow()
    until(lambda: not state.following)
    assert state.batch.status == "cancelled"


def test_what_is_missing_is_said_in_words(variables, session):
    state = BatchesState()
    for action in (state.cancel, state.results, state.download):
        action()
        assert state.wait(LONGEST)
        assert state.error == "There is no batch\n%%map --via batch makes one"
    state.out = "not a name"
    state.results()
    assert state.wait(LONGEST)
    assert "no variable name" in state.error
