"""A process that dies at any named point loses nothing that was committed, and buys it once."""

import random
from collections import Counter

import pytest

from tests.fault.counts import proven, size
from tests.fault.fail_points import COMMITTED
from tests.fault.nursery import nursery
from tests.fault.paying import paying
from tests.fault.scenarios import Damaged, FirstVersion, Ground, Purging, Scenario, Vectors

pytestmark = pytest.mark.fault

SEED = 2


def around(*steps):
    """Give the points before and after steps, and before and after their commits."""
    committed = [f"the commit of {step}" for step in steps if step in COMMITTED]
    return [f"{when} {step}" for step in (*steps, *committed) for when in ("before", "after")]


OPENING = [
    *around("making the file", "the journal mode", "the first table", "the version", "the check"),
    *around("a migration's column", "a migration's table", "the sign of life"),
    *around("a transaction"),
]
SENDING = [
    *around("an attempt's beginning", "the intent", "a request", "a read"),
    *around("the bytes that leave", "the bytes that come"),
    *around("an attempt's end", "queueing the answer", "the ending", "the answer", "the bill"),
]
POINTS = {
    "map": [*OPENING, *SENDING],
    "stream": [*around("a request", "a read", "a piece", "the ending", "the bill")],
    "embed": [*around("a read", "the ending", "the vectors", "the bill")],
    "first version": around("a migration's column", "a migration's table", "the version"),
    "damaged": [
        *around("mending", "salvaging", "changing the files' places", "a file's new place"),
        *around("the damaged one's link", "the commit of the first table"),
    ],
    "purge": [
        *around("a purge's slice", "the rebuilding", "the pages given back", "the emptied undo"),
    ],
}
MADE = {
    "map": lambda ground: Scenario(ground, "map"),
    "stream": lambda ground: Scenario(ground, "stream", rows=4),
    "embed": lambda ground: Vectors(ground, "embed"),
    "first version": lambda ground: FirstVersion(ground, "map", kept=10),
    "damaged": lambda ground: Damaged(ground, "map", kept=20),
    "purge": lambda ground: Purging(ground, "purge", kept=10),
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    options = ("--delay-ms", "4", "--piece-ms", "1", "--price-in", "0.001", "--price-out", "0.001")
    with paying(folder / "server", *options) as server, nursery() as forge:
        yield Ground(server, forge, folder)


@pytest.mark.parametrize("name", POINTS)
def test_a_death_at_a_named_point(ground, name):
    here = Ground(ground.server, ground.forge, ground.folder / name)
    scenario, dice = MADE[name](here), random.Random(f"{SEED} {name}")
    undisturbed = scenario.die("-", 1, 4)
    broken, deaths, in_doubt = undisturbed.broken, 0, 0
    unreached = sorted(set(POINTS[name]) - set(undisturbed.seen))
    broken["points that do not exist"] = len(unreached)
    for number in range(size(1, 10)):
        for point in POINTS[name]:
            most = undisturbed.seen.get(point, 1)
            # what is counted in one run need not come as often in another
            times = 1 if number == 0 else dice.randint(1, max(1, most // 2))
            found = scenario.die(point, times, dice.choice((1, 4, 8)))
            broken += Counter(found.broken)
            deaths += found.died
            in_doubt += found.in_doubt
            if number == 0 and not found.died:
                broken["points that kill nobody"] += 1
                unreached.append(point)
    print(unreached)
    proven(
        "R2",
        f"death at every named point of {name}",
        tried=deaths,
        broken={
            "answers lost": 0,
            "bought after its answer was committed": 0,
            "journal damaged": 0,
            **broken,
        },
        seed=SEED,
        seen={"points": len(POINTS[name]), "in doubt": in_doubt},
    )
