"""When an attempt may leave: in its turn, at the server's pace, after its pause."""

from types import SimpleNamespace

import pytest
from asking import Clock

from nbnebius.events import Retrying
from nbnebius.transport.headers import RateLimits
from nbnebius.transport.turns import Turns

pytestmark = pytest.mark.anyio


class Over(Exception):  # noqa: N818 - it is no fault
    pass


class Flow:
    """Writes down what it hears, and may have ended."""

    def __init__(self):
        self.heard = []
        self.is_over = False

    async def turn(self):
        self.heard.append("turn")

    def check(self):
        self.heard.append("check")
        if self.is_over:
            raise Over

    def released(self, **_):
        self.heard.append("released")

    def paused(self, *, refused, doubtful):
        self.heard.append(("paused", refused, doubtful))


@pytest.fixture
def sender():
    clock, told = Clock(), []
    return SimpleNamespace(
        sleep=clock.sleep, clock=lambda: clock.now, observer=told.append, told=told, time=clock
    )


def request(flow=None, lane="m", tokens=0.0):
    return SimpleNamespace(lane=lane, tokens=tokens, flow=flow)


EMPTY = RateLimits(limit_requests=60, remaining_requests=0, reset_requests=60)


async def test_where_nothing_is_known_an_attempt_leaves_at_once_in_its_turn(sender):
    flow = Flow()
    await Turns(sender).wait(request(flow), 1)
    assert flow.heard == ["turn"]
    assert sender.time.slept == []
    assert sender.told == []


async def test_an_empty_limit_is_waited_for_and_told(sender):
    turns = Turns(sender)
    turns.learn(request(), EMPTY)
    await turns.wait(request(), 1)
    assert sender.time.now == pytest.approx(1.0)
    assert sender.told == [Retrying("rate limit", 1.0, 1)]
    await turns.wait(request(lane="other"), 1)
    assert sender.time.now == pytest.approx(1.0)


async def test_whoever_waits_at_the_end_of_its_flow_gives_its_turn_back(sender):
    turns, flow = Turns(sender), Flow()
    turns.learn(request(), EMPTY)
    flow.is_over = True
    with pytest.raises(Over):
        await turns.wait(request(flow), 1)
    assert flow.heard == ["turn", "check", "released"]


async def test_a_long_wait_ends_soon_after_its_flow_does(sender):
    turns, flow = Turns(sender), Flow()
    turns.learn(request(), RateLimits(limit_requests=2, remaining_requests=0, reset_requests=60))

    async def sleep(seconds):
        await sender.time.sleep(seconds)
        flow.is_over = sender.time.now >= 3

    sender.sleep = sleep
    with pytest.raises(Over):
        await turns.wait(request(flow), 1)
    assert sender.time.now == 3.0
    assert len(sender.told) == 1


async def test_what_did_not_leave_after_all_takes_nothing_from_the_limit(sender):
    turns = Turns(sender)
    turns.learn(request(), RateLimits(limit_requests=60, remaining_requests=1))
    await turns.wait(request(), 1)
    turns.unsent(request())
    await turns.wait(request(), 1)
    assert sender.time.slept == []
    turns.landed(request())
    await turns.wait(request(), 1)
    assert sender.time.slept != []


async def test_a_refusal_holds_back_all_of_its_lane(sender):
    turns, flow = Turns(sender), Flow()
    failure = SimpleNamespace(status=429, reason="busy")
    decision = SimpleNamespace(seconds=4.0, state="failed", action="again")
    turns.refused(request(), failure, decision)
    await turns.pause(request(flow), failure, decision, 1)
    assert flow.heard == [("paused", True, False), "check"]
    assert sender.told == [Retrying("busy", 4.0, 2)]
    assert sender.time.now == 4.0
    sender.time.now = 3.0
    await turns.wait(request(), 1)
    assert sender.time.now == 4.0


async def test_a_doubtful_attempt_is_told_as_such_and_holds_nobody_back(sender):
    turns, flow = Turns(sender), Flow()
    failure = SimpleNamespace(status=None, reason="cut")
    decision = SimpleNamespace(seconds=0.5, state="possibly_paid")
    await turns.pause(request(flow), failure, decision, 1)
    assert flow.heard[0] == ("paused", False, True)
    sender.time.now = 0.0
    sender.time.slept.clear()
    await turns.wait(request(), 1)
    assert sender.time.slept == []
