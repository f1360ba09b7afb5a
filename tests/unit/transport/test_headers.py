import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.transport.headers import RateLimits, duration, fraction, number, read_rate_limits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1),
        ("1", 1),
        ("1.25", 1.25),
        ("6m0s", 360),
        ("1.766s", 1.766),
        ("120ms", 0.12),
        ("792ms", 0.792),
        ("1h2m3s", 3723),
        ("", None),
        ("s", None),
        ("-1s", None),
        ("1x", None),
        ("1s junk", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("²", None),
    ],
)
def test_durations(text, expected):
    assert duration(text) == (None if expected is None else pytest.approx(expected))


def test_fractions():
    assert fraction("1%") == 0.01
    assert fraction("0.5") == 0.5
    assert fraction("%") is None


def test_the_headers_of_nebius():
    limits = read_rate_limits({
        "x-ratelimit-limit-requests": "600",
        "x-ratelimit-limit-tokens": "10000000000.0",
        "x-ratelimit-remaining-requests": "599",
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-reset-tokens": "6m0s",
        "x-ratelimit-dynamic-period-remaining": "900s",
        "x-ratelimit-dynamic-period-usage-requests": "1%",
        "x-ratelimit-over-limit": "yes",
    })  # fmt: skip
    assert limits == RateLimits(
        limit_requests=600,
        limit_tokens=None,
        remaining_requests=599,
        reset_requests=2,
        reset_tokens=360,
        dynamic_remaining=900,
        dynamic_usage_requests=0.01,
        over_limit=True,
    )


def test_no_headers():
    assert read_rate_limits({"content-type": "x"}) is None


@given(st.text() | st.floats().map(str) | st.integers().map(str))
def test_any_text_is_a_sane_number_or_nothing(text):
    for read in (number, duration, fraction):
        value = read(text)
        assert value is None or (value >= 0 and math.isfinite(value))
    read_rate_limits({"x-ratelimit-limit-requests": text, "x-ratelimit-reset-tokens": text})
