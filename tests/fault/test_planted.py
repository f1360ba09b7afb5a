"""The tests see what they are there to see: every defect that is planted is caught."""

import pytest

from tests.fault.counts import FULL, proven
from tests.fault.planted import all_planted, copy_to, is_caught

pytestmark = pytest.mark.fault

ENOUGH = 20
THESE = [one for one in all_planted() if FULL or not one.slow]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    copy_to(folder)
    return folder


def test_there_are_enough_of_them():
    assert len({one.what for one in THESE}) >= ENOUGH


@pytest.mark.parametrize("one", THESE, ids=str)
def test_a_planted_defect_is_caught(one, copy):
    caught, said = is_caught(one, copy)
    print(said)
    proven("planted", one.what, tried=1, broken={"missed": not caught})
