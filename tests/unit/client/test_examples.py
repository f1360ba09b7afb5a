import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "nbnebius.client.client",
        "nbnebius.client.reasoning",
        "nbnebius.client.surrogates",
        "nbnebius.transport.sse",
    ],
)
def test_the_examples_are_true(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted
    assert not results.failed
