"""Near duplicates and nearest pairs, against the plain matrix product."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnebius.work import duplicates, nearest_pairs
from nbnebius.work.duplicates import near_duplicates


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Let a few rows be many blocks."""
    monkeypatch.setattr(duplicates, "ROWS", 7)
    monkeypatch.setattr(nearest_pairs, "ROWS", 7)


def matrices(seed, count, width=3):
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


def cosines(left, right):
    with np.errstate(all="ignore"):
        left = left / np.linalg.norm(left, axis=1, keepdims=True)
        right = right / np.linalg.norm(right, axis=1, keepdims=True)
    return left @ right.T


def one_by_one(rows, threshold):
    """Do the same, row by row."""
    found = cosines(rows, rows)
    kept, first = [], []
    for row in range(len(rows)):
        near = [one for one in kept if found[row, one] >= threshold]
        first.append(max(near, key=lambda one: (found[row, one], -one)) if near else -1)
        if not near:
            kept.append(row)
    return first


@given(st.integers(0, 10_000), st.integers(1, 60), st.floats(0.3, 0.99))
@settings(max_examples=60)
def test_what_goes_is_near_to_the_nearest_row_that_stays(seed, count, threshold):
    rows = matrices(seed, count)
    first, scores = near_duplicates(rows, threshold)
    assert list(first) == one_by_one(rows, threshold)
    goes = first >= 0
    assert (scores[goes] >= threshold - 1e-5).all()
    assert np.isnan(scores[~goes]).all()
    assert (first[first[goes]] == -1).all()  # what is repeated stays


def test_equal_rows_are_duplicates_at_a_threshold_of_one():
    rows = np.tile(matrices(1, 5, 64), (6, 1))
    first, scores = near_duplicates(rows, 1.0)
    assert list(first) == [-1] * 5 + list(range(5)) * 5
    assert scores[5:].max() <= 1


def test_rows_without_a_direction_repeat_nothing():
    rows = matrices(2, 20)
    rows[3], rows[9], rows[12], rows[13] = np.nan, np.nan, 0, 0
    first, _ = near_duplicates(rows, 0.2)
    assert list(first[[3, 9, 12, 13]]) == [-1] * 4
    assert not {3, 9, 12, 13} & set(first)


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 30), st.integers(1, 9))
@settings(max_examples=60)
def test_each_row_is_paired_with_its_nearest(seed, left, right, k):
    ours, others = matrices(seed, left), matrices(seed + 1, right)
    at_left, at_right, scores = nearest_pairs.nearest_pairs(ours, others, k)
    found = cosines(ours, others)
    each = min(k, right)
    assert list(at_left) == list(np.repeat(np.arange(left), each))
    np.testing.assert_allclose(scores, found[at_left, at_right], atol=1e-5)
    best = np.sort(found, axis=1)[:, ::-1][:, :each]
    np.testing.assert_allclose(scores.reshape(left, each), best, atol=1e-5)


def test_a_row_without_a_direction_has_no_partner():
    ours, others = matrices(3, 4), matrices(4, 10)
    ours[2], others[5] = np.nan, 0
    at_left, at_right, _ = nearest_pairs.nearest_pairs(ours, others, 20)
    assert 2 not in at_left
    assert 5 not in at_right
    assert len(at_left) == 3 * 9
