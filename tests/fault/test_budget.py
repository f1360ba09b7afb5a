"""A budget is a promise about the server's bill, not about our own sums."""

import pandas as pd
import pytest

import nbnebius as neb
from tests.fault.job import TEMPLATE, Spec, distinct, frame_of

pytestmark = pytest.mark.fault

ROWS = 500
MAX_TOKENS = 16
BUDGET = 0.10


@pytest.fixture
def server(paying_server):
    """A server at which the whole frame costs about a dollar."""
    return paying_server("--delay-ms", "20", "--price-in", "70", "--price-out", "90")


@pytest.fixture
def judge(server):
    neb.connect("x", server.url)
    frame = frame_of(Spec(server.url, ROWS))
    return lambda **more: neb.map(frame, TEMPLATE, max_tokens=MAX_TOKENS, **more)


def test_the_servers_bill_stays_within_the_budget(server, judge):
    with pytest.raises(neb.BudgetReached) as caught:
        judge(budget=BUDGET)
    server.quiet()
    bill = server.stats()["cost"]
    assert bill <= BUDGET
    assert bill > 0.7 * BUDGET  # it is used, not given up early
    assert set(caught.value.frame["neb_status"]) == {"ok", "unsent"}
    assert len(caught.value.frame) == ROWS
    bought = caught.value.frame[caught.value.frame["neb_status"] == "ok"]
    assert bought["answer"].nunique() == server.executed()
    assert bought["neb_cost"].sum() == pytest.approx(bill)


def test_a_larger_budget_does_the_rest_and_buys_nothing_again(server, judge):
    with pytest.raises(neb.BudgetReached) as caught:
        judge(budget=BUDGET)
    before = caught.value.frame
    whole = judge(budget=5.0)
    assert set(whole["neb_status"]) == {"ok"}
    counts = server.counts()
    assert len(counts) == distinct(ROWS)
    assert set(counts.values()) == {1}
    assert server.stats()["cost"] == pytest.approx(1.0, rel=0.2)
    done = before[before["neb_status"] == "ok"]
    pd.testing.assert_series_equal(done["answer"], whole.loc[done.index, "answer"])


def test_a_budget_that_nothing_fits_sends_nothing(server, judge):
    with pytest.raises(neb.BudgetReached) as caught:
        judge(budget=0.000001)
    assert server.executed() == 0
    assert set(caught.value.frame["neb_status"]) == {"unsent"}


def test_what_is_cut_off_after_it_was_billed_counts_too(paying_server):
    prices = ("--price-in", "70", "--price-out", "90")
    server = paying_server("--delay-ms", "20", "--cut-every", "10", *prices)
    neb.connect("x", server.url)
    frame = frame_of(Spec(server.url, ROWS))
    with pytest.raises(neb.BudgetReached):
        neb.map(frame, TEMPLATE, max_tokens=MAX_TOKENS, budget=5 * BUDGET, allow_failed=1)
    server.quiet()
    assert server.stats()["cut"] > 2
    assert server.stats()["cost"] <= 5 * BUDGET
