"""What `map` keeps: equal rows, rows that were moved, other questions, repeats and samples."""

import pandas as pd
import pytest
from answering import Answering
from labeller import Labeller

import nbnebius as neb

CHAT = "chat/completions"


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def session(server, opened):
    with Answering(server) as running:
        yield opened(running.url)


def test_equal_rows_are_bought_once_and_paid_by_the_first(box, at_box):
    session = at_box()
    before = box.count(CHAT)
    found = session.map(["same", "other", "same", "same"], "Repeat: {text}", max_tokens=20)
    assert box.count(CHAT) - before == 2
    assert found["answer"][0] == found["answer"][2] == found["answer"][3]
    assert found["neb_cost"][0] > 0
    assert found["neb_cost"][2] == found["neb_cost"][3] == 0
    assert found["neb_tokens"][2] == found["neb_tokens"][0]
    spent = session.spent(session=session.journal.session)
    assert spent.cost == pytest.approx(found["neb_cost"].sum())


def test_what_is_kept_is_never_bought_again_however_rows_are_moved(box, at_box):
    frame = pd.DataFrame({"text": [f"the number {n}" for n in range(12)]})
    first = at_box().map(frame, "Repeat: {text}", max_tokens=20)
    before = box.count(CHAT)
    session = at_box()
    same = session.map(frame, "Repeat: {text}", max_tokens=20)
    assert same["neb_cached"].all()
    assert (same["neb_cost"] == 0).all()
    mixed = session.map(frame.sample(frac=1, random_state=3), "Repeat: {text}", max_tokens=20)
    assert mixed["answer"].sort_index().tolist() == first["answer"].tolist()
    few = session.map(frame[frame.index % 3 == 0], "Repeat: {text}", max_tokens=20)
    assert few["answer"].tolist() == first["answer"][::3].tolist()
    assert box.count(CHAT) == before
    more = pd.concat([frame, pd.DataFrame({"text": ["a new one"]})], ignore_index=True)
    longer = session.map(more, "Repeat: {text}", max_tokens=20)
    assert box.count(CHAT) == before + 1
    assert longer["neb_cached"].tolist() == [True] * 12 + [False]


def test_another_request_is_another_answer(box, at_box):
    session = at_box()
    before = box.count(CHAT)
    ask = {"max_tokens": 20}
    for more in (ask, {"max_tokens": 21}, {**ask, "system": "be brief"}, {**ask, "temperature": 0}):
        session.map(["shape"], "Repeat: {text}", **more)
    session.map(["shape"], "Repeat this: {text}", **ask)
    session.map(["shape"], "Repeat: {text}", **ask)
    assert box.count(CHAT) - before == 5


def test_a_repeat_is_another_answer_and_is_kept_itself(box, at_box):
    session = at_box()
    before = box.count(CHAT)
    for _ in range(2):
        session.map(["again"], "Repeat: {text}", repeat=1, max_tokens=20)
        session.map(["again"], "Repeat: {text}", repeat=0, max_tokens=20)
    assert box.count(CHAT) - before == 2


def test_fresh_buys_all_anew_and_the_newest_is_kept(server, session):
    numbers = iter(range(100))
    server.answer = lambda prompt: f"answer {next(numbers)}"
    session.map(["a", "b"], "{text}")
    fresh = session.map(["a", "b"], "{text}", fresh=True)
    assert len(server.prompts) == 4
    assert not fresh["neb_cached"].any()
    assert sorted(fresh["answer"]) == ["answer 2", "answer 3"]
    kept = session.map(["a", "b"], "{text}")
    assert kept["answer"].tolist() == fresh["answer"].tolist()
    assert len(server.prompts) == 4


def test_a_sample_is_always_the_same_and_the_whole_run_uses_it(server, session):
    frame = pd.DataFrame({"text": [f"t{n}" for n in range(50)]}, index=range(100, 150))
    few = session.map(frame, "{text}", sample=8)
    again = session.map(frame, "{text}", sample=8)
    assert list(few.index) == list(again.index) == sorted(few.index)
    assert len(few) == 8
    assert len(server.prompts) == 8
    whole = session.map(frame, "{text}")
    assert len(server.prompts) == 50
    assert list(whole.index[whole["neb_cached"]]) == list(few.index)
    assert len(session.map(frame, "{text}", sample=500)) == 50


def test_usage_tells_the_calls_and_the_reuse(box):
    neb.connect(box.key, box.url)
    neb.map(["u1", "u2"], "Repeat: {text}", max_tokens=20)
    neb.map(["u1", "u2", "u3"], "Repeat: {text}", max_tokens=20)
    frame = neb.usage()
    bought = frame[~frame["cached"]]
    assert len(bought) == 3
    assert (bought["kind"] == "chat").all()
    assert (bought["cost"] > 0).all()
    assert frame["cached"].any()
