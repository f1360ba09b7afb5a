"""A column of vectors is taken for its block only while it still holds that block's rows."""

import gc
import weakref

import numpy as np
import pandas as pd
import pytest

import nbnebius as neb
from nbnebius.frames import unchanged
from nbnebius.frames.embeddings import matrix, matrix_blocks


def frame_of(block):
    rows = np.empty(len(block), dtype=object)
    for place, row in enumerate(block):
        rows[place] = row
    return pd.DataFrame({"embedding": rows, "text": [f"text {n}" for n in range(len(block))]})


@pytest.fixture
def block():
    return np.arange(60, dtype=np.float32).reshape(20, 3).copy()


@pytest.fixture
def frame(block):
    frame = frame_of(block)
    assert matrix(frame) is block
    return frame


def test_what_was_seen_once_is_not_asked_of_every_row_again(frame, block, monkeypatch):
    monkeypatch.setattr("nbnebius.frames.embeddings._are_all_of", None)
    assert matrix(frame) is block
    assert matrix(frame[["embedding"]]) is block


def test_values_that_are_changed_in_place_are_seen(frame):
    frame["embedding"][4][:] = 7
    assert (matrix(frame)[4] == 7).all()


@pytest.mark.parametrize("again", [1, 50])
def test_a_row_that_is_replaced_is_seen(frame, again):
    for number in range(again):  # each may lie where the one before it was
        frame.at[4, "embedding"] = np.full(3, number, np.float32)  # noqa: PD008 - takes an array
        assert (matrix(frame)[4] == number).all()
    assert (matrix(frame)[5] == [15, 16, 17]).all()


def test_a_row_that_goes_missing_is_seen(frame):
    frame.loc[4, "embedding"] = np.nan
    assert np.isnan(matrix(frame)[4]).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.iloc[::-1],
        lambda f: f.iloc[3:],
        lambda f: f.sort_values("text"),
        lambda f: f.sample(frac=1, random_state=0),
        lambda f: pd.concat([f, f]),
    ],
)
def test_rows_in_another_order_are_seen(frame, change):
    changed = change(frame)
    assert np.array_equal(matrix(changed), np.stack(changed["embedding"].to_list()))


def test_nothing_is_held_once_the_frame_is_gone(block):
    frame = frame_of(block.copy())
    gone = weakref.ref(matrix(frame))
    before = len(unchanged._seen)
    del frame
    gc.collect()
    assert gone() is None
    assert len(unchanged._seen) == before - 1


def test_nothing_is_held_once_the_column_is_gone(block):
    frame = frame_of(block.copy())
    gone = weakref.ref(matrix(frame))
    frame["embedding"] = 0
    gc.collect()
    assert gone() is None


def test_nothing_is_held_once_the_rows_were_overwritten_and_looked_at(block):
    frame = frame_of(block.copy())
    gone = weakref.ref(matrix(frame))
    for place in range(len(frame)):
        frame.at[place, "embedding"] = np.zeros(3, np.float32)  # noqa: PD008 - takes an array
    assert (matrix(frame) == 0).all()
    gc.collect()
    assert gone() is None


def test_two_columns_of_one_name_are_refused(block):
    frame = pd.concat([frame_of(block), frame_of(block)], axis=1)
    with pytest.raises(neb.OptionError, match="several columns 'embedding'"):
        matrix_blocks(frame)
