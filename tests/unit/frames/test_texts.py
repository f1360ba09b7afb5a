"""A column of texts that grows: it is the one that pandas makes of all of them at once."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.frames import texts
from nbnebius.frames.texts import Texts

SOME = st.lists(st.none() | st.text(max_size=9) | st.sampled_from(["", "é", "日本", "🎈", "a\x00"]))


def column(parts):
    grown = Texts()
    for part in parts:
        grown.extend(part)
    return pd.Series(grown.column())


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
@given(parts=st.lists(SOME, max_size=5), part=st.integers(1, 9))
def test_any_texts_in_any_parts_are_the_column_pandas_makes(storage, parts, part):
    with pytest.MonkeyPatch.context() as patch, pd.option_context("mode.string_storage", storage):
        patch.setattr(texts, "PART", part)
        whole = pd.Series([text for some in parts for text in some], dtype="string")
        pd.testing.assert_series_equal(column(parts), whole)


def test_a_character_that_is_cut_in_two_is_replaced_where_arrow_cannot_hold_it():
    with pd.option_context("mode.string_storage", "pyarrow"):
        found = column([["é\ud83d", None, "a", "\ud83c\udf88"]])
    assert found.tolist() == ["é\ufffd", pd.NA, "a", "🎈"]
