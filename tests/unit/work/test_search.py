"""The exact search against the plain formula, on vectors of every kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.work.search import nearest


def cut(matrix, size):
    return [matrix[start : start + size] for start in range(0, len(matrix), size)]


def plainly(matrix, query, k):
    """Give the rows by the formula, in float64."""
    rows = matrix.astype(np.float64)
    with np.errstate(all="ignore"):
        scores = rows @ query / (np.linalg.norm(rows, axis=1) * np.linalg.norm(query))
    there = [row for row in range(len(matrix)) if np.isfinite(scores[row])]
    return sorted(there, key=lambda row: (-scores[row], row))[:k], scores


@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 12), st.integers(1, 20))
def test_it_finds_what_the_formula_finds_however_the_rows_are_cut(seed, count, k, size):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 8)).astype(np.float32)
    matrix[rng.random(count) < 0.1] = np.nan
    matrix[rng.random(count) < 0.1] = 0
    query = rng.normal(size=8).astype(np.float32)
    rows, scores = nearest(cut(matrix, size), query, k)
    expected, cosines = plainly(matrix, query, k)
    assert list(rows) == expected
    np.testing.assert_allclose(scores, cosines[expected], atol=1e-5)


@pytest.mark.parametrize("scale", [1e-25, 1e-18, 1.0, 1e12, 1e25])
def test_a_vectors_length_does_not_matter(scale):
    matrix = (np.array([[3, 4], [4, -3], [1, 1]]) * scale).astype(np.float32)
    rows, scores = nearest([matrix], np.array([3, 4], np.float32), 3)
    assert list(rows) == [0, 2, 1]
    np.testing.assert_allclose(scores, [1, 7 / 50**0.5, 0], atol=1e-6)


def test_of_equal_rows_the_earlier_comes_first_even_across_blocks():
    rows, scores = nearest(cut(np.ones((50, 3), np.float32), 7), np.ones(3, np.float32), 10)
    assert list(rows) == list(range(10))
    assert (scores == 1).all()


def test_nothing_but_missing_rows_finds_nothing():
    blocks = [np.full((4, 3), np.nan, np.float32), np.zeros((4, 3), np.float32)]
    rows, scores = nearest(blocks, np.ones(3, np.float32), 5)
    assert len(rows) == len(scores) == 0
