"""What a job shows is what the ledger and the server know, whatever happens beside it."""

import sqlite3
import time
from contextlib import closing

import pandas as pd
import pytest
from answering import Answering, Says, said
from labeller import Labeller, refuses

FIVE = pd.DataFrame({"text": [f"t{n}" for n in range(5)]})


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def at(server, opened):
    with Answering(server) as running:
        yield lambda **more: opened(running.url, **more)


def test_an_answer_whose_kernel_died_before_its_bill_is_billed_when_it_is_found(at):
    session = at()
    bought = session.map(FIVE, "{text}", max_tokens=20)
    spent = session.spent()
    assert spent.cost == pytest.approx(bought["neb_cost"].sum()) != 0
    path = session.journal.path
    session.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE calls SET cost = NULL, prompt_tokens = NULL")
    later = at()
    assert later.spent().unpriced == 5
    assert later.map(FIVE, "{text}", max_tokens=20)["neb_cached"].all()
    assert later.spent().unpriced == 0
    assert later.spent().cost == pytest.approx(spent.cost)


def test_a_cell_that_is_changed_while_the_job_runs_buys_nothing_under_its_old_key(at, server):
    session = at()
    cells = [{"v": n} for n in range(40)]
    frame = pd.DataFrame({"cell": cells})
    server.go.clear()
    job = session.map(frame, "{cell}", background=True, concurrency=1, max_tokens=20)
    while not server.prompts:
        time.sleep(0.01)
    for cell in cells[20:]:
        cell["v"] += 1000
    server.go.set()
    with pytest.raises(Exception, match="20 of 40 rows have no answer"):
        job.wait(60)
    found = job.frame()
    assert list(found["neb_status"]) == ["ok"] * 20 + ["failed"] * 20
    assert "changed while the job ran" in found["neb_error"][39]
    # and what is asked now is asked as it stands now
    fresh = session.map(pd.DataFrame({"cell": [{"v": 1039}, {"v": 39}]}), "{cell}", max_tokens=20)
    assert list(fresh["answer"]) == ["<{'v': 1039}>", "<{'v': 39}>"]


def test_a_stop_does_not_wait_for_what_only_waits_itself(at, server):
    session = at()

    def limited(prompt):
        told = refuses(429, "slow down")
        return Says(status=told.status, body=told.body, headers={"retry-after": "600"})

    server.answer = limited
    job = session.map(FIVE, "{text}", background=True, max_tokens=20)
    while not server.prompts:
        time.sleep(0.01)
    time.sleep(0.3)
    job.cancel()
    with pytest.raises(Exception, match="stopped the job"):
        job.wait(30)
    assert list(job.frame()["neb_status"]) == ["unsent"] * 5


def test_money_that_repeated_attempts_may_have_cost_is_told(at, server):
    session = at()
    seen = set()

    def once_broken(prompt):
        if prompt in seen:
            return "fine"
        seen.add(prompt)
        return refuses(500, "broken")

    server.answer = once_broken
    job = session.run_map(FIVE, "{text}", max_tokens=20)
    assert list(job.outcome()["neb_status"]) == ["ok"] * 5
    assert job.possibly_paid > 0
    assert "5 possibly paid besides" in job.summary


def test_a_count_of_tokens_that_cannot_be_does_not_break_the_frame(at, server):
    session = at()
    body = said("fine")
    body["usage"] = {"prompt_tokens": 2**63, "completion_tokens": 3, "total_tokens": 2**63}
    server.answer = lambda prompt: Says(body=body)
    for _ in range(2):
        found = session.map(FIVE, "{text}", max_tokens=20)
        assert list(found["answer"]) == ["fine"] * 5


def test_the_days_budget_counts_what_other_kernels_have_on_their_way(at, server):
    first, second = at(), at()
    second.set_budget(1.0, "day")
    before = next(iter(second.budgets())).spent
    server.go.clear()
    job = first.map(FIVE, "{text}", background=True, max_tokens=1000)
    while len(server.prompts) < 5:
        time.sleep(0.01)
    third = at()
    third.set_budget(1.0, "day")
    assert next(iter(third.budgets())).spent > before
    server.go.set()
    job.wait(30)
