"""What can be read as texts to embed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.session.texts import read_texts


@given(st.lists(st.one_of(st.text(), st.none(), st.integers(), st.booleans()), min_size=1))
def test_a_list_gives_a_text_or_none_per_row_in_order(values):
    read = read_texts(values)
    assert read.texts == [None if v is None else str(v) for v in values]
    assert list(read.frame.columns) == ["text"]
    assert len(read.frame) == len(values)


@pytest.mark.parametrize(
    "missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, np.datetime64("NaT")]
)
def test_what_is_missing_is_none(missing):
    assert read_texts(["a", missing]).texts == ["a", None]


@pytest.mark.parametrize("dtype", ["object", "string", "str", "category"])
def test_every_kind_of_text_column_is_found(dtype):
    frame = pd.DataFrame({"n": [1, 2], "t": pd.Series(["a", None], dtype=dtype)})
    if dtype == "category":
        with pytest.raises(OptionError, match="0 columns of text"):
            read_texts(frame)
        assert read_texts(frame, "t").texts == ["a", None]
    else:
        assert read_texts(frame).texts == ["a", None]


def test_texts_of_numpy_are_plain_texts():
    assert [type(t) for t in read_texts(np.array(["a", "b"])).texts] == [str, str]


def test_a_frames_own_object_is_kept():
    frame = pd.DataFrame({"t": ["a"]})
    assert read_texts(frame).frame is frame
