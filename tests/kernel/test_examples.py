"""Every example of every manual runs."""

import pytest

from nbnebius.commands import COMMANDS
from nbnebius.commands.nebius import EXAMPLES

pytestmark = pytest.mark.kernel

SETUP = """
import pandas as pd
topic = 'limestone'
reviews = pd.DataFrame({'text': ['good', 'bad']})
import nbnebius
vectors = nbnebius.embed(reviews)
"""
OF_COMMANDS = [(c.name, example) for c in COMMANDS.values() for example in c.examples]


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok(SETUP)
    assert kernel.run("reviews['txt']").ename == "KeyError"  # for %explain and %fix
    return kernel


@pytest.mark.parametrize(("name", "example"), OF_COMMANDS)
def test_an_example_runs(kernel, name, example):
    before = kernel.value("sorted(globals())")
    cell = kernel.ok(example)
    # shown, or bound to a variable
    assert cell.displays or kernel.value("sorted(globals())") != before
    assert f"%{name}" in example


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_nebius_runs(kernel, example):
    assert kernel.ok(example).displays


def test_there_are_three_each():
    assert len(EXAMPLES) == 3
    assert len(OF_COMMANDS) == 3 * len(COMMANDS)
