"""How far work is, in one line."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.events import Progress
from nbnebius.rendering import progress
from nbnebius.rendering.progress import ENOUGH, duration, progress_line

COUNTS = st.integers(0, 10**6)


def test_the_examples_are_true():
    failed, tried = doctest.testmod(progress)
    assert tried >= 2
    assert failed == 0


@given(COUNTS, COUNTS, COUNTS, st.floats(0, 1e6), st.none() | st.floats(0, 1e4))
def test_any_progress_is_one_line_that_begins_with_how_far(done, more, kept, seconds, cost):
    told = Progress("requests", done, done + more, min(kept, done), cost)
    line = progress_line(told, seconds)
    assert line.startswith(f"{done:,} of {done + more:,} requests")
    assert "\n" not in line
    assert ("left" in line) <= (done - min(kept, done) >= ENOUGH)


def test_the_rate_and_the_time_left_are_those_of_what_was_bought():
    line = progress_line(Progress("requests", 600, 1000, kept=500, cost=0.0), 10.0)
    assert " · 10/s · 40 s left · 500 kept already" in line
    slow = progress_line(Progress("requests", 30, 60, cost=0.0), 60.0)
    assert " · 30/min · 1 min 0 s left" in slow


def test_nothing_is_foretold_from_few_or_at_the_end():
    assert "left" not in progress_line(Progress("requests", ENOUGH - 1, 1000), 10.0)
    assert "left" not in progress_line(Progress("requests", 1000, 1000), 10.0)


def test_what_went_wrong_and_what_is_unknown_is_told():
    line = progress_line(
        Progress("requests", 5, 9, cost=None, failed=2, doubtful=1, state="stopping"), 1.0
    )
    assert "2 failed" in line
    assert "1 possibly paid" in line
    assert "USD 0" not in line
    assert line.endswith("stopping")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "1 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min")],
)
def test_durations(seconds, told):
    assert duration(seconds) == told
