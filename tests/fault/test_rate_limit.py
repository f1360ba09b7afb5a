"""A job keeps to the server's limit, and uses it."""

import pytest

import nbnebius as neb
from tests.fault.job import TEMPLATE, Spec, distinct, frame_of

pytestmark = pytest.mark.fault

ROWS = 600
IN_FLIGHT = 64
# 50 a second, and a minute of which most is used up already
LIMIT = ("--per-minute", "3000", "--level", "100", "--delay-ms", "20")


def judge(server):
    neb.connect("x", server.url)
    frame = neb.map(frame_of(Spec(server.url, ROWS)), TEMPLATE, concurrency=IN_FLIGHT)
    assert set(frame["neb_status"]) == {"ok"}
    counts = server.counts()
    assert len(counts) == distinct(ROWS)
    assert set(counts.values()) == {1}
    return server.stats()


def test_a_limit_told_in_headers_is_kept_to_and_used(paying_server):
    seen = judge(paying_server(*LIMIT))
    print(seen)
    assert seen["refused_429"] <= 0.1 * seen["requests"]
    # of all that the limit gave, most was taken
    assert seen["unused"] <= 0.3 * (seen["executed"] + seen["unused"])


def test_a_limit_told_by_refusals_alone_is_found_and_used(paying_server):
    seen = judge(paying_server(*LIMIT, "--untold"))
    print(seen)
    assert seen["refused_429"] <= 2 * IN_FLIGHT
    assert seen["unused"] <= 0.5 * (seen["executed"] + seen["unused"])
