from hypothesis import given
from hypothesis import strategies as st

from nbnebius.transport.headers import RateLimits
from nbnebius.transport.pacing import LONGEST_HOLD, Pacing


def test_nothing_known_nothing_held():
    pacing = Pacing()
    assert pacing.wait("m", 0) == 0
    pacing.sent("m", 0)
    assert pacing.wait("m", 0) == 0


def test_an_empty_bucket_holds_until_it_has_refilled():
    pacing = Pacing()
    pacing.learn("m", RateLimits(limit_requests=60, remaining_requests=0, reset_requests=60), 0)
    assert pacing.wait("m", 0) == 1
    assert pacing.wait("m", 0.5) == 0.5
    assert pacing.wait("m", 1) == 0
    assert pacing.wait("other", 0) == 0


def test_what_was_sent_counts():
    pacing = Pacing()
    pacing.learn("m", RateLimits(limit_requests=60, remaining_requests=1), 0)
    assert pacing.wait("m", 0) == 0
    pacing.sent("m", 0)
    assert pacing.wait("m", 0) == 1


def test_tokens():
    pacing = Pacing()
    pacing.learn("m", RateLimits(limit_tokens=600, remaining_tokens=100), 0)
    assert pacing.wait("m", 0, tokens=100) == 0
    assert pacing.wait("m", 0, tokens=110) == 1
    assert pacing.wait("m", 0, tokens=10**9) == 50


def test_a_refusal_closes_the_lane():
    pacing = Pacing()
    pacing.refused("m", 900, 0)
    assert pacing.wait("m", 1) == 899
    pacing.refused("m", 5, 0)
    assert pacing.wait("m", 900) == 0


maybe = st.none() | st.floats(0, 1e12)


@given(maybe, maybe, maybe, st.floats(0, 1e9), st.floats(0, 1e9))
def test_headers_alone_hold_a_minute_at_most(limit, left, reset, then, now):
    pacing = Pacing()
    pacing.learn("m", RateLimits(limit, limit, left, left, reset, reset), then)
    assert 0 <= pacing.wait("m", now, tokens=5) <= LONGEST_HOLD


def test_a_client_that_shares_its_key_uses_its_part_of_the_limits():
    pacing = Pacing()
    pacing.share = 0.25
    pacing.learn("m", RateLimits(limit_requests=60, remaining_requests=8), 0.0)
    for _ in range(2):
        assert pacing.wait("m", 0.0) == 0.0
        pacing.sent("m", 0.0)
    assert pacing.wait("m", 0.0) == 4.0  # one request in four seconds is a quarter of 60 a minute
