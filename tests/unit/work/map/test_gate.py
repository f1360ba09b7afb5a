"""How many are in flight and how fast they leave, on a clock that stands still."""

import anyio
import pytest

from nbnebius.work.map.gate import BACK, LASTING, START, UNDER, Closed, Gate, Turn

pytestmark = pytest.mark.anyio


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


async def settle():
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


async def test_the_window_begins_small_and_grows_with_answers_up_to_the_most(clock):
    gate = Gate(20, clock)
    assert gate.window == START
    for _ in range(5):
        await gate.enter()
        gate.leave()
        gate.served()
    assert gate.window == START + 5
    for _ in range(50):
        gate.served()
    assert gate.window == 20
    assert Gate(3, clock).window == 3


async def test_no_more_leave_than_the_window_holds(clock):
    gate, inside = Gate(64, clock), []

    async def go(number):
        await gate.enter()
        inside.append(number)

    async with anyio.create_task_group() as group:
        for number in range(30):
            group.start_soon(go, number)
        await settle()
        assert len(inside) == gate.in_flight == START
        gate.leave()
        await settle()
        assert len(inside) == START + 1
        gate.served()  # the window is one larger
        await settle()
        assert len(inside) == START + 2
        assert inside == sorted(inside)
        while len(inside) < 30:
            gate.leave()
            await settle()
    assert gate.in_flight <= gate.window


async def test_a_flood_of_refusals_halves_the_window_once(clock):
    gate = Gate(64, clock)
    for _ in range(24):
        gate.served()
    window = gate.window
    sent = [clock.now] * 10
    clock.now += 1
    for at in sent:
        gate.refused(at)
    assert gate.window == window / 2
    clock.now += 1
    gate.refused(clock.now)
    assert gate.window == window / 4
    for _ in range(20):
        clock.now += 1
        gate.refused(clock.now)
    assert gate.window == 1


async def test_after_a_refusal_the_window_grows_slowly(clock):
    gate = Gate(64, clock)
    clock.now += 1
    gate.refused(clock.now)
    window = gate.window
    for _ in range(int(window)):
        gate.served()
    assert window < gate.window <= window + 1


async def test_the_rate_the_server_did_serve_is_learned(clock):
    gate = Gate(64, clock)
    assert gate.rate is None
    for _ in range(30):
        gate.served()
    clock.now += 10
    gate.refused(clock.now)
    assert gate.rate == pytest.approx(UNDER * 3.0)
    gate.served()
    clock.now += 10
    gate.refused(clock.now)  # one answer says nothing of a rate, but this one is too high
    assert gate.rate == pytest.approx(BACK * UNDER * 3.0, rel=0.01)


async def test_a_rate_that_is_well_known_is_not_given_up_for_a_flood(clock):
    gate = Gate(64, clock)
    for _ in range(100):
        gate.served()
    clock.now += LASTING
    gate.refused(clock.now)
    for _ in range(20):
        clock.now += 1
        gate.refused(clock.now)
    assert gate.rate == pytest.approx(BACK * UNDER * 100 / LASTING)


async def test_the_learned_rate_rises_slowly_and_faster_the_longer_nothing_is_refused(clock):
    gate = Gate(64, clock)
    for _ in range(100):
        gate.served()
    clock.now += 100
    gate.refused(clock.now)
    rises = []
    for _ in range(3):
        before = gate.rate
        clock.now += 60
        gate.served()
        rises.append(gate.rate - before)
    assert 0 < rises[0] < rises[1] < rises[2] < 0.1


async def test_closing_wakes_all_who_wait_for_a_place_or_for_their_moment(clock):
    gate, heard = Gate(2, clock), []
    gate.rate = 0.001  # the second may leave in a thousand seconds

    async def go():
        try:
            await gate.enter()
        except Closed:
            heard.append(True)

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(go)
        await settle()
        assert gate.in_flight == 2
        assert heard == []
        gate.close()
    assert len(heard) == 9
    assert gate.in_flight == 1
    with pytest.raises(Closed):
        await gate.enter()
    with pytest.raises(Closed):
        gate.check()
    gate.leave()
    assert gate.is_idle


async def test_whoever_gives_up_waiting_takes_no_place(clock):
    gate, inside = Gate(1, clock), []

    async def go(number):
        await gate.enter()
        inside.append(number)

    await gate.enter()
    async with anyio.create_task_group() as group:
        impatient = anyio.CancelScope()

        async def give_up():
            with impatient:
                await go("impatient")

        group.start_soon(give_up)
        await settle()
        group.start_soon(go, "patient")
        await settle()
        impatient.cancel()
        await settle()
        gate.leave()  # it would be the impatient one's turn
        await settle()
        assert inside == ["patient"]


async def test_a_turn_counts_what_is_in_flight_and_what_lands(clock):
    gate = Gate(4, clock)
    turn = Turn(gate, print)
    await turn.turn()
    assert (gate.in_flight, gate.landing, turn.in_flight) == (1, 0, True)
    assert gate.is_idle  # nothing of it may be paid for yet
    turn.sent()
    assert (gate.on_the_way, gate.is_idle) == (1, False)
    turn.released()
    turn.released()
    assert (gate.in_flight, gate.landing) == (0, 1)
    assert not gate.is_idle
    turn.paused(refused=True, doubtful=True)
    assert gate.is_idle
    assert turn.doubtful == 1
    await turn.turn()
    turn.sent()
    turn.end(served=True)
    assert gate.is_idle
    turn.end(served=False)
    assert gate.is_idle


async def test_a_failure_is_heard_while_its_place_is_still_taken(clock):
    gate = Gate(1, clock)
    heard = []
    turn = Turn(gate, lambda error: heard.append((error, gate.in_flight)))
    await turn.turn()
    turn.sent()
    turn.failed("no money")
    turn.released()
    assert heard == [("no money", 1)]
    assert gate.in_flight == 0


async def test_a_turn_that_never_left_changes_nothing(clock):
    gate = Gate(4, clock)
    gate.close()
    turn = Turn(gate, print)
    with pytest.raises(Closed):
        await turn.turn()
    turn.end(served=False)
    assert gate.is_idle
