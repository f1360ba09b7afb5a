"""A purse is never above its limit, in whatever order things happen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nbnebius.errors import BudgetReached, OptionError
from nbnebius.journal.purse import DUST, Purse, reserve, too_small

USD = st.floats(0, 2)
SHARE = st.floats(0, 1)


class Spending(RuleBasedStateMachine):
    """Requests that hold their highest price, and cost that or less."""

    def __init__(self):
        super().__init__()
        self.purse = Purse(5.0)
        self.holds = []
        self.paid = 0.0

    @rule(bound=USD)
    def ask(self, bound):
        fits = self.purse.fits(bound)
        try:
            self.holds.append(self.purse.reserve(bound))
        except BudgetReached:
            assert not fits
        else:
            assert fits

    @precondition(lambda self: self.holds)
    @rule(share=SHARE, pick=st.randoms(use_true_random=False))
    def answered(self, share, pick):
        hold = self.holds.pop(pick.randrange(len(self.holds)))
        self.purse.settle(hold, hold.bound * share)
        self.paid += hold.bound * share

    @precondition(lambda self: self.holds)
    @rule()
    def answered_without_usage(self):
        hold = self.holds.pop(0)
        self.purse.settle(hold, None)
        self.paid += hold.bound

    @precondition(lambda self: self.holds)
    @rule()
    def refused(self):
        self.purse.release(self.holds.pop())

    @invariant()
    def the_limit_holds(self):
        on_the_way = sum(hold.bound for hold in self.holds)
        assert self.paid + on_the_way <= self.purse.limit + 1e-9
        assert self.purse.spent == pytest.approx(self.paid)
        assert self.purse.held == pytest.approx(on_the_way, abs=1e-9)

    @invariant()
    def nobody_waits_for_what_cannot_come(self):
        if not self.holds:
            assert self.purse.held <= 1e-9
        if self.purse.may_fit_later(1.0) and not self.purse.fits(1.0):
            assert self.holds


TestSpending = Spending.TestCase


@given(st.lists(USD, min_size=1, max_size=4), USD)
def test_several_purses_hold_together_or_not_at_all(limits, bound):
    purses = [Purse(limit) for limit in limits]
    small = too_small([None, *purses], bound)
    try:
        holds = reserve(purses, bound)
    except BudgetReached:
        assert small is not None
        assert all(purse.held == 0 for purse in purses)
    else:
        assert small is None
        assert len(holds) == len(purses)
        assert all(purse.held == bound for purse in purses)


def test_an_unknown_price_fits_no_purse():
    purse = Purse(1.0)
    assert too_small([purse], None) is purse
    with pytest.raises(OptionError, match="cannot be kept"):
        purse.reserve(None)
    assert too_small([], None) is None


def test_what_sums_of_floats_are_off_by_is_no_reason_to_stop_or_to_wait():
    purse = Purse(0.3)
    for _ in range(3):
        purse.settle(purse.reserve(0.1), 0.1)
    assert 0 <= abs(purse.left) <= DUST
    purse.reserve(0.0)
    holds = [Purse(1.0).reserve(0.1) for _ in range(3)]
    purse = Purse(1.0)
    for hold in holds:
        purse.held += hold.bound
    for hold in holds:
        purse.release(hold)
    assert not purse.may_fit_later(0.5)


def test_what_was_spent_before_counts():
    purse = Purse(1.0, 0.9)
    assert purse.left == pytest.approx(0.1)
    with pytest.raises(BudgetReached, match=r"USD 1 is reached"):
        purse.reserve(0.2)
