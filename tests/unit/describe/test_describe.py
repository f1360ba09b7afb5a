"""Objects as text for a prompt."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnebius.describe import describe, register

FRAME = pd.DataFrame(
    {
        "review": [f"good | bad\nnumber {n} " + "words " * (n % 40) for n in range(500)],
        "score": [None, *np.linspace(0, 1, 499)],
        "when": pd.date_range("2024-01-01", periods=500),
    }
)


def test_a_text_stays_as_it_is():
    text = "any\n" * 10_000
    assert describe(text, budget=10) == text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1, "1"),
        (2.5, "2.5"),
        (True, "True"),
        (None, "None"),
        (np.float32(2.5), "2.5"),
        (np.int64(3), "3"),
        ({"a": [1, None, "x"]}, '{"a": [1, null, "x"]}'),
        ((1, 2), "[1, 2]"),
        ([], "[]"),
        ({1: object}, '{"1": "<class \'object\'>"}'),
        (ValueError("no"), "ValueError: no"),
        (KeyError(), "KeyError"),
        (b"bytes", "b'bytes'"),
    ],
)
def test_small_values_are_written_out(value, told):
    assert describe(value) == told


def test_a_frame_tells_its_shape_its_columns_and_a_sample():
    lines = describe(FRAME, budget=300).splitlines()
    assert lines[0] == "DataFrame, 500 rows x 3 columns"
    assert "- score: float64, 1 null" in lines
    assert any(line.startswith("first ") for line in lines)
    table = lines[lines.index("| review | score | when |") :]
    assert table[2].startswith("| good \\| bad number 0 |")
    assert all(line.count("|") - line.count("\\|") == 4 for line in table)


def test_a_small_frame_is_shown_whole():
    assert "all rows:\n| a |\n|---|\n| 1 |" in describe(pd.DataFrame({"a": [1]}))


def test_an_empty_frame_and_one_with_equal_names_are_described():
    assert describe(pd.DataFrame()).startswith("DataFrame, 0 rows x 0 columns")
    twice = pd.DataFrame([[1, "x"]], columns=["a", "a"])
    assert "| 1 | x |" in describe(twice)


def test_a_wide_frame_names_what_is_left_out():
    wide = pd.DataFrame(np.zeros((3, 3_000)), columns=[f"column {n}" for n in range(3_000)])
    assert "more columns" in describe(wide)


def test_a_series_tells_type_spread_and_first_values():
    told = describe(FRAME["score"], budget=60)
    assert told.startswith(
        "Series 'score', 500 values, dtype float64, 1 null\nmin 0, mean 0.5, max 1"
    )
    assert "more" in told
    assert describe(FRAME.index, budget=60).startswith("Index as Series, 500 values, dtype int64")


def test_an_array_tells_shape_spread_and_first_values():
    told = describe(np.arange(600.0).reshape(20, 30)).splitlines()
    assert told[0] == "array of shape (20, 30), dtype float64"
    assert told[1] == "min 0, mean 299.5, max 599"
    assert told[2].startswith("first values: 0, 1, 2")
    assert "all values are NaN" in describe(np.full(3, np.nan))
    assert "1 NaN" in describe(np.array([1.0, np.nan]))
    assert describe(np.zeros((0, 3))) == "array of shape (0, 3), dtype float64"
    assert "a, b" in describe(np.array(["a", "b"]))


def test_a_function_is_its_source():
    def double(x):
        return 2 * x

    assert describe(double) == "def double(x):\n    return 2 * x"
    assert describe(len).startswith("len(obj, /)\n")


def test_an_exception_tells_its_cause():
    try:
        try:
            int("x")
        except ValueError as error:
            raise TypeError("outer") from error
    except TypeError as outer:
        told = describe(outer)
    assert told.startswith("TypeError: outer\ncaused by ValueError: invalid literal")


class Rude:
    def __repr__(self):
        raise RuntimeError("no")


def test_a_repr_that_fails_is_survived():
    assert "its repr raises RuntimeError" in describe(Rude())
    assert describe([Rude()]) == '["<Rude instance>"]'


def test_an_address_in_memory_is_left_out():
    assert describe(iter([])) == "<list_iterator object>"


def test_a_container_that_holds_itself_ends():
    loop = {}
    loop["self"] = loop
    assert "…" in describe(loop)


def test_a_registered_type_goes_first_and_so_do_its_children():
    class Order(dict):
        pass

    class Rush(Order):
        pass

    register(Order, lambda value, limit: f"order of at most {limit}")
    assert describe(Rush(), budget=10) == "order of at most 40"


LARGE = {
    "frame": FRAME,
    "series": FRAME["review"],
    "array": np.arange(1e5),
    "list": list(range(100_000)),
    "nested": {str(n): {"text": "x" * 500} for n in range(1_000)},
    "long repr": b"x" * 100_000,
    "error": ValueError("x" * 100_000),
    "class": pd.DataFrame,
    "column names": pd.DataFrame({"n" * 10_000: [1]}),
}


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("budget", [1, 20, 100, 2_000])
def test_every_description_keeps_to_its_budget(value, budget):
    assert len(describe(value, budget=budget)) <= max(4 * budget, 40)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner)
    ),
    max_leaves=40,
)


@given(VALUES, st.integers(1, 200))
@settings(deadline=None)
def test_any_value_of_plain_python_is_described(value, budget):
    told = describe(value, budget=budget)
    assert isinstance(value, str) or len(told) <= max(4 * budget, 40)


def test_no_library_is_imported_to_describe_what_is_none_of_its_own():
    script = (
        "import sys; from nbnebius.describe import describe, is_picture; "
        "describe({1: [2]}); is_picture(3); "
        "print([m for m in ('pandas', 'numpy', 'PIL', 'matplotlib') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
