import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["batch_input", "batch_lines", "batches", "lines", "times"])
def test_the_examples_are_true(name):
    results = doctest.testmod(importlib.import_module(f"nbnebius.types.{name}"))
    assert results.attempted
    assert not results.failed
