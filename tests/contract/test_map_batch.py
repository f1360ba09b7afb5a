"""`map(..., via="batch")`: half the price, never two batches for a row, through any restart."""

import sqlite3
import threading
import time

import pandas as pd
import pytest
from boxes import Box
from sandbox_fixture import running_sandbox

from nbnebius.errors import BudgetReached, NebiusError, OptionError, RowsFailed, Stopped
from nbnebius.settings import home
from nbnebius.work.map.batch_file import BatchRules

MODEL = "meta-llama/Meta-Llama-3.1-8B-Instruct"
PROMPT = "What is {a} + 1?"
QUICK = {"first_pause": 0.05, "longest_pause": 0.2}
RULES = BatchRules(**QUICK)


def rows(count, start=0):
    return pd.DataFrame({"a": range(start, start + count)})


def run(session, frame, prompt=PROMPT, rules=RULES, **more):
    session.batch_rules = rules
    more = {"model": MODEL, "max_tokens": 60, "via": "batch", **more}
    return session.map(frame, prompt, **more)


def journal(query, *values):
    with sqlite3.connect(home() / "journal.sqlite") as connection:
        return connection.execute(query, values).fetchall()


@pytest.fixture
def slow_box(tmp_path):
    """A sandbox whose batches take a while."""
    with running_sandbox(tmp_path, "--batch-rows-per-second", "2") as running:
        yield Box(running)


def created(box):
    return len([one for one in box.requests("/batches") if one["method"] == "POST"])


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
    assert again.neb_cached.all() and online.neb_cached.all()
    assert list(first.answer) == list(again.answer) == list(online.answer)
    assert again.neb_cost.sum() == online.neb_cost.sum() == 0


def test_only_rows_without_an_answer_are_sent(at_box):
    run(at_box(), rows(2, 200), via="online")
    run(at_box(), rows(5, 200))
    assert at_box().batches()[0].request_counts.total == 3
