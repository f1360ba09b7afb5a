"""No bytes make a parser raise anything but an error of this package's own."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fault.counts import proven, size
from tests.fuzz.corpus import seeds
from tests.fuzz.mutating import mutated
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.fault

SEED = 21
NOISE = 60
# These take milliseconds an input, for they ask every command or write files.
SLOW = {"option_lines", "pictures", "refusals", "settings", "threads"}


@pytest.mark.parametrize("name", TARGETS)
def test_every_parser_survives_any_bytes(name):
    target, broken, tried = TARGETS[name], 0, 0
    first = None

    def give(data):
        nonlocal broken, tried, first
        tried += 1
        try:
            target(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            broken += 1
            first = first or (data[:2000], error)

    @settings(
        max_examples=NOISE,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(max_size=500))
    def noise(data):
        give(data)

    for data in seeds(name):
        give(data)
    noise()
    dice = random.Random(f"{SEED} {name}")
    for _ in range(size(150, 20_000) if name in SLOW else size(600, 200_000)):
        give(mutated(name, dice))
    if first is not None:
        print(f"first of {broken}: {first[0]!r}")
        raise first[1]
    proven(
        "R21",
        f"mutated answers to the parser of {name.replace('_', ' ')}",
        tried=tried,
        broken={"anything but an error of this package": broken},
        seed=SEED,
    )
