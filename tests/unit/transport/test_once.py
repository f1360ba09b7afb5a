"""What makes something that stays is not made twice."""

import pytest

from nbnebius.events import Progress
from nbnebius.transport.meter import Meter
from nbnebius.transport.request import Request, Stream
from nbnebius.transport.retry import Failure, Rules, Tally, count, decide, in_doubt

CERTAIN = [
    Failure("connecting"),
    Failure("sending"),
    Failure("answered", status=400),
    Failure("answered", status=408),
    Failure("answered", status=429),
    Failure("answered", status=503),
]
DOUBTFUL = [
    Failure("waiting"),
    Failure("waiting", reused=True),
    Failure("reading"),
    Failure("reading", status=200),
    *(Failure("answered", status=status) for status in (500, 502, 504, 520)),
]


def again(failure, rules):
    tally, times = Tally(), 0
    while (decision := decide(failure, tally, rules, lambda: 0.5)).action == "again":
        count(tally, failure, decision)
        times += 1
    return times


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize("failure", DOUBTFUL)
def test_doubt_is_not_sent_again(failure, paid):
    assert in_doubt(failure)
    assert again(failure, Rules(paid=paid, once=True)) == 0


@pytest.mark.parametrize("failure", CERTAIN)
def test_what_was_surely_not_done_is_sent_again_as_ever(failure):
    assert not in_doubt(failure)
    assert again(failure, Rules(paid=True, once=True)) == again(failure, Rules(paid=True))


def test_a_free_post_is_not_paid():
    assert Request("POST", "x").paid
    assert not Request("POST", "x", free=True).paid
    assert not Request("GET", "x").paid


@pytest.mark.anyio
async def test_a_streamed_body_is_made_anew_for_each_attempt():
    async def body():
        yield b"a"

    request = Request("POST", "x", body=Stream(body, 1))
    assert [piece async for piece in request.content()] == [b"a"]
    assert [piece async for piece in request.content()] == [b"a"]
    assert Request("POST", "x", body=b"a").content() == b"a"


@pytest.mark.parametrize("total", [None, 10 * 2**30])
def test_bytes_are_told_at_most_a_few_hundred_times(total):
    told = []
    meter = Meter(told.append, total)
    for _ in range(10 * 2**10):
        meter.add(2**20 if total else 2**10)
    assert 1 <= len(told) <= 210
    last = told[-1]
    assert last == Progress("bytes", total or last.done, total or last.done)
    Meter(None, 1).add(1)
