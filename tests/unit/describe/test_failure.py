"""An error as a model is told of it."""

import sys

import pandas as pd
import pytest

from nbnebius.describe.failure import describe_failure
from nbnebius.describe.involved import involved

FRAME = pd.DataFrame({"price": [1, 2]})


def caught(action):
    try:
        action()
    except Exception as error:  # noqa: BLE001 - any
        return error
    raise AssertionError


def total(frame, column):
    password = "swordfish"
    rate = 3
    elsewhere = "a value that no failing line names"
    assert elsewhere
    return frame[column].sum() * rate + len(password)


def test_an_error_is_told_with_its_line_its_variables_and_versions():
    failure = describe_failure(caught(lambda: total(FRAME, "prise")))
    assert "KeyError: 'prise'" in failure.text
    assert "return frame[column].sum() * rate" in failure.text
    assert "column = 'prise'" in failure.text
    assert "- price: int64" in failure.text
    assert f"pandas {pd.__version__}" in failure.text
    assert f"Python {sys.version_info.major}." in failure.text
    assert "swordfish" not in failure.text
    assert "elsewhere = " not in failure.text.partition("## Variables")[2]


def failing():
    return total(FRAME, "prise")


def test_of_libraries_only_the_way_in_is_told_and_no_path_of_the_disk():
    text = describe_failure(caught(failing)).text
    assert "  pandas/core/indexes/base.py, line " in text
    assert "/site-packages/" not in text
    assert sys.prefix not in text


def test_the_cause_is_told():
    def fails():
        try:
            1 / 0  # noqa: B018 - to fail
        except ZeroDivisionError as error:
            raise ValueError("no price") from error

    text = describe_failure(caught(fails)).text
    assert "ValueError: no price\n\ncaused by ZeroDivisionError: division by zero" in text


def test_what_is_large_is_told_in_short():
    def fails(rows, text, deep):
        return rows[text][deep]

    error = caught(lambda: fails(list(range(1_000_000)), "long " * 100_000, {"a": "b" * 10_000}))
    assert len(describe_failure(error).text) < 10_000


def test_an_endless_recursion_is_told_in_short():
    def again(number):
        return again(number + 1)

    assert len(describe_failure(caught(lambda: again(0))).text) < 10_000


def test_a_value_whose_repr_fails_hides_nothing_else():
    class Sly:
        def __repr__(self):
            raise RuntimeError("no")

    def fails(sly, other):
        return sly + other

    text = describe_failure(caught(lambda: fails(Sly(), 77))).text
    assert "other = 77" in text
    assert "its repr raises RuntimeError" in text


def test_a_misspelled_name_is_told_with_the_nearest():
    def fails():
        price = 3
        return pirce * price  # noqa: F821 - to fail

    assert "Did you mean: 'price'?" in describe_failure(caught(fails)).text


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("total = price * rate", ["price", "rate"]),
        ("for item in rows:", ["rows"]),
        ("print(f'{price} and rate')", ["price"]),
        ("text = 'price'", []),
        ("frame['price'].sum(", ["frame"]),
        ("except Missing as price:", []),
    ],
)
def test_variables_are_those_that_the_line_names(source, names):
    scope = {"price": 3, "rate": 2, "rows": [], "frame": FRAME, "len": len, "pd": pd}
    assert sorted(involved(source, scope)) == sorted(names)
