"""A table in a terminal shows as many columns as fit, the most wanted first."""

import pandas as pd
import pytest

from nbnebius.rendering.table import fitting

FRAME = pd.DataFrame({"id": ["a" * 20, "b"], "price": [0.5, 12.0], "raw": [{}, {}]})


@pytest.mark.parametrize(("width", "names"), [(80, ["id", "price"]), (25, ["id"]), (5, ["id"])])
def test_columns_are_left_out_until_the_rest_fits(width, names):
    head, *rows, told = fitting(FRAME, ["id", "price"], width).splitlines()
    assert head.split() == names
    assert len(rows) == 2
    assert told == f"2 rows; {len(names)} of 3 columns"


def test_an_empty_frame_has_a_head():
    head, told = fitting(FRAME.iloc[:0], ["id", "price"], 80).splitlines()
    assert head.split() == ["id", "price"]
    assert told == "0 rows; 2 of 3 columns"
