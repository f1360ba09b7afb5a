"""Frames as small tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nbnebius.rendering.table import frame_bundle


def test_every_cell_and_name_is_escaped():
    frame = pd.DataFrame({"<b>": ["<script>x</script>"]}, index=["<i>"])
    html = frame_bundle(frame)["text/html"]
    for tag in ("<b>", "<script", "<i>"):
        assert tag not in html


def test_only_the_first_rows_are_shown_and_the_rest_is_told():
    bundle = frame_bundle(pd.DataFrame({"n": range(1000)}), max_rows=3)
    assert bundle["text/plain"].splitlines() == [
        "n", "0", "1", "2", "first 3 of 1,000 rows",
    ]  # fmt: skip
    assert bundle["text/html"].count("<tr>") == 4


def test_an_index_that_says_something_is_shown():
    frame = pd.DataFrame({"n": [1]}, index=pd.Index(["row"], name="key"))
    assert frame_bundle(frame)["text/plain"] == "key  n\nrow  1"


def test_values_of_all_kinds_are_short():
    frame = pd.DataFrame(
        {
            "price": [0.0000125, float("nan")],
            "text": ["x" * 5_000, "line\nbreak\x1b[1m"],
            "vector": [np.zeros(1024), None],
            "flag": pd.array([True, None], dtype="boolean"),
            "time": [pd.Timestamp("2024-01-02"), pd.NaT],
        }
    )
    first, second = frame_bundle(frame)["text/plain"].splitlines()[1:]
    assert "0.0000125" in first
    assert "array (1024,)" in first
    assert "x" * 99 + "…" in first
    assert "line break␛[1m" in second
    assert "nan" not in second.lower()


def test_an_empty_frame_and_a_wide_one_are_shown():
    assert frame_bundle(pd.DataFrame())["text/plain"] == ""
    wide = pd.DataFrame(np.zeros((1, 100)))
    assert "first 40 of 100 columns" in frame_bundle(wide)["text/plain"]


def test_columns_of_the_same_name_are_kept_apart():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert frame_bundle(frame)["text/plain"] == "a  a\n1  2"
