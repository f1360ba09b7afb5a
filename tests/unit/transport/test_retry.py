from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.transport.retry import (
    LONGEST,
    LONGEST_WAIT,
    Failure,
    Rules,
    Tally,
    backoff,
    count,
    decide,
    retry_after,
)

PAID, READ = Rules(paid=True), Rules(paid=False)


def half():
    return 0.5


def run(failure, rules=PAID):
    """Fail for ever; return how often it is sent again, and how the last is entered."""
    tally, again = Tally(), 0
    while (decision := decide(failure, tally, rules, half)).action == "again":
        count(tally, failure, decision)
        again += 1
        assert again < 5000
    return again, decision.state


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Failure("connecting"), (3, "failed")),
        (Failure("connecting", certificate=True), (0, "failed")),
        (Failure("sending"), (8, "failed")),
        (Failure("waiting"), (0, "possibly_paid")),
        (Failure("waiting", reused=True), (1, "possibly_paid")),
        (Failure("reading"), (0, "possibly_paid")),
        (Failure("reading", streamed=True), (0, "partial")),
        (Failure("answered", status=307), (0, "failed")),
        (Failure("answered", status=400), (0, "failed")),
        (Failure("answered", status=401), (0, "failed")),
        (Failure("answered", status=402, out_of_money=True), (0, "failed")),
        (Failure("answered", status=404), (0, "failed")),
        (Failure("answered", status=408), (3, "failed")),
        (Failure("answered", status=409), (0, "failed")),
        (Failure("answered", status=422), (0, "failed")),
        (Failure("answered", status=429, out_of_money=True), (0, "failed")),
        (Failure("answered", status=500), (2, "possibly_paid")),
        (Failure("answered", status=501), (0, "possibly_paid")),
        (Failure("answered", status=502), (2, "possibly_paid")),
        (Failure("answered", status=503), (8, "failed")),
        (Failure("answered", status=504), (2, "possibly_paid")),
        (Failure("reading", status=200), (0, "possibly_paid")),
    ],
)
def test_the_table(failure, expected):
    assert run(failure) == expected
    assert run(failure, Rules(paid=True, max_retries=0)) == (0, expected[1])


def test_bulk_work_is_more_patient_with_a_network_that_is_down():
    assert run(Failure("connecting"), Rules(paid=True, connects=8)) == (8, "failed")


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status(status):
    again, state = run(Failure("answered", status=status))
    assert state == ("possibly_paid" if status >= 500 and status != 503 else "failed")
    assert (again > 0) == (status in {408, 429, 500, 502, 503, 504})


def test_reads_are_free():
    assert run(Failure("waiting"), READ) == (8, "failed")
    assert run(Failure("answered", status=500), READ) == (8, "failed")
    assert run(Failure("answered", status=404), READ) == (0, "failed")


def test_in_doubt_is_sent_again_only_when_asked():
    assert run(Failure("waiting"), Rules(paid=True, resend_in_doubt=1)) == (1, "possibly_paid")


def test_429_waits_are_bounded_by_time_not_by_number():
    limited = Failure("answered", status=429, headers={"retry-after": "10"})
    again, state = run(limited)
    assert again == int(LONGEST_WAIT / 10.5)
    assert state == "failed"
    assert run(limited, Rules(paid=True, max_retries=1))[0] == again
    whole = Failure("answered", status=429, headers={"retry-after": "900"})
    assert run(whole)[0] == 1
    assert run(Failure("answered", status=429, headers={"retry-after": "901"}))[0] == 0


@given(st.integers(0, 50), st.floats(0, 0.999999))
def test_backoff_is_full_jitter(attempt, chance):
    longest = backoff(attempt, lambda: 1.0)
    assert 0 < longest <= LONGEST
    assert backoff(attempt, lambda: chance) == pytest.approx(longest * chance)


NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "1s"}, 1),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"llm_provider-retry-after": "4"}, 4),
        ({"retry-after": "5, 60"}, 60),
        ({"retry-after": "5, soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e309"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": format_datetime(NOW)}, None),
    ],
)
def test_retry_after(headers, expected):
    assert retry_after(headers) == expected


@pytest.mark.parametrize("skew", [timedelta(), timedelta(days=1), timedelta(days=-1)])
def test_a_date_is_read_against_the_servers_own_clock(skew):
    headers = {
        "date": format_datetime(NOW + skew),
        "retry-after": format_datetime(NOW + skew + timedelta(seconds=30)),
    }
    assert retry_after(headers) == 30
    past = {"date": headers["retry-after"], "retry-after": headers["date"]}
    assert retry_after(past) == 0


@given(st.text() | st.floats().map(str) | st.integers().map(str), st.text())
def test_never_early_never_beyond_the_limit(text, date):
    headers = {"retry-after": text, "date": date}
    asked = retry_after(headers)
    decision = decide(Failure("answered", status=429, headers=headers), Tally(), PAID, half)
    if decision.action == "again":
        assert decision.seconds >= (asked or 0)
        assert decision.seconds <= LONGEST_WAIT + 1
    else:
        assert asked is not None
        assert asked > LONGEST_WAIT
