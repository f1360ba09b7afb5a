"""Moments and ages as people write them."""

import contextlib
import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.session.moments import age, moment

NOV = dt.datetime(2026, 11, 30, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12h", 43_200), ("30d", 2_592_000), ("4w", 2_419_200), ("0.5d", 43_200), (" 1 D ", 86_400)],
)
def test_an_age_is_hours_days_or_weeks(text, seconds):
    assert age(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "-3d", "30m", "30days", "1e9d", "nan d"])
def test_anything_else_is_no_age(text):
    with pytest.raises(OptionError, match="30d"):
        age(text)


@pytest.mark.parametrize(
    "value",
    ["2026-11-30", "2026-11-30T00:00", "2026-11-30T01:00+01:00", dt.date(2026, 11, 30),
     dt.datetime(2026, 11, 30),  # noqa: DTZ001 - without a zone it is UTC
     dt.datetime(2026, 11, 30, tzinfo=dt.UTC), NOV],
)  # fmt: skip
def test_a_moment_may_be_written_in_many_ways(value):
    assert moment(value, "since") == NOV


@pytest.mark.parametrize("value", ["", "soon", "2026-13-01", True, math.nan, [1], object()])
def test_what_is_no_moment_is_refused_by_name(value):
    with pytest.raises(OptionError, match="since"):
        moment(value, "since")


@given(st.text())
def test_no_text_breaks_the_reading(text):
    for read in (age, lambda t: moment(t, "since")):
        with contextlib.suppress(OptionError):
            assert math.isfinite(read(text))
