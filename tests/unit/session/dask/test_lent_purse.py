import anyio
import pytest

from nbnebius.session.dask import purse as room
from nbnebius.session.dask.allowance import Allowance
from nbnebius.session.dask.purse import LentPurse

pytestmark = pytest.mark.anyio
LIMIT = 1.0


@pytest.fixture
def purses(monkeypatch):
    """Give two purses that are filled from one budget."""
    monkeypatch.setattr(room, "AGAIN", 0.001)
    allowance = Allowance()

    def make(member):
        place = {"worker": member, "partition": member, "home": "a"}
        allowance.join("job", member, **place, concurrency=8, slots=2)

        async def lend(**told):
            await anyio.lowlevel.checkpoint()
            return allowance.lend("job", member, limit=LIMIT, **told)

        return LentPurse(lend, 4)

    return make("m1"), make("m2")


async def spend(purse, bound, cost):
    """Buy until nothing fits; give how often."""
    bought = 0
    while True:
        while not purse.fits(bound):
            if not await purse.more(bound):
                assert not purse.could_fit(bound)
                return bought
        hold = purse.reserve(bound)
        await anyio.lowlevel.checkpoint()
        purse.settle(hold, cost)
        bought += 1


async def test_two_purses_spend_the_whole_budget_together_and_then_end(purses):
    counts = []

    async def run(purse):
        counts.append(await spend(purse, 0.1, 0.03))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as both:
            for purse in purses:
                both.start_soon(run, purse)
    spent = sum(purse.spent for purse in purses)
    assert LIMIT - 0.1 < spent <= LIMIT
    assert sum(counts) == round(spent / 0.03)


async def test_one_that_finds_nothing_waits_for_what_the_other_gives_back(purses):
    first, second = purses
    assert await first.more(0.9)
    hold = first.reserve(0.9)
    got = []

    async def wait():
        while not second.fits(0.5):
            assert await second.more(0.5)
        got.append(True)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as both:
            both.start_soon(wait)
            await anyio.sleep(0.02)
            assert not got
            first.settle(hold, 0.1)
            await first.more(2.0)  # asks for more than there is, and gives back what it has
    assert got


async def test_a_request_above_the_whole_budget_ends_it_at_once(purses):
    assert not await purses[0].more(1.5)
    assert not purses[0].could_fit(1.5)
