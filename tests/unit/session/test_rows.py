"""The rows of a frame, as a job reads them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.session.rows import SLICE, FrameRows, sampled


def rows_of(frame, *columns):
    return list(FrameRows(frame, columns or [str(c) for c in frame.columns]).rows())


def test_missing_values_of_every_dtype_are_none():
    frame = pd.DataFrame(
        {
            "text": pd.Series(["a", None], dtype="string"),
            "kind": pd.Categorical(["x", None]),
            "whole": pd.Series([1, None], dtype="Int64"),
            "float": [1.5, np.nan],
            "sure": pd.Series([True, None], dtype="boolean"),
            "time": pd.to_datetime(["2026-01-02", None]),
            "any": pd.Series([{"a": 1}, pd.NA], dtype=object),
        }
    )
    first, second = rows_of(frame)
    assert first == ("a", "x", 1, 1.5, True, pd.Timestamp("2026-01-02"), {"a": 1})
    assert second == (None,) * 7
    assert isinstance(first[2], int)


def test_rows_come_in_order_across_slices_and_can_be_read_again():
    frame = pd.DataFrame({"n": np.arange(2 * SLICE + 3)}, index=np.zeros(2 * SLICE + 3))
    rows = FrameRows(frame, ["n"])
    for _ in range(2):
        assert [n for (n,) in rows.rows()] == list(range(2 * SLICE + 3))
    assert rows.count == 2 * SLICE + 3


def test_what_happens_to_the_frame_later_changes_nothing():
    frame = pd.DataFrame({"text": ["a", "b"]})
    rows = FrameRows(frame, ["text"])
    frame.loc[0, "text"] = "changed"
    frame["text"] = "all"
    assert list(rows.rows()) == [("a",), ("b",)]


@given(st.integers(1, 60), st.integers(1, 80))
def test_a_sample_is_some_rows_in_their_order_and_always_the_same(count, whole):
    frame = pd.DataFrame({"n": range(whole)})
    found = sampled(frame, count)
    assert len(found) == min(count, whole)
    assert list(found["n"]) == sorted(set(found["n"]))
    pd.testing.assert_frame_equal(found, sampled(frame, count))


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "3"])
def test_what_is_no_number_of_rows_is_refused(count):
    with pytest.raises(OptionError, match="sample"):
        sampled(pd.DataFrame({"n": [1]}), count)
