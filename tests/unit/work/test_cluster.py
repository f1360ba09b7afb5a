"""K-means by cosine: the same for a seed; rows without a vector are left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnebius.work.cluster import MOST, cluster


def groups(count, each, seed, spread=0.2):
    """Give rows around `count` directions, and which direction each is of."""
    rng = np.random.default_rng(seed)
    middles = np.linalg.qr(rng.standard_normal((16, 16)))[0][:count]
    rows = np.repeat(middles, each, axis=0) + spread * rng.standard_normal((count * each, 16)) / 4
    return rows.astype(np.float32), np.repeat(np.arange(count), each)


def same_partition(found, true):
    return len(set(zip(found, true, strict=True))) == len(set(true)) == len(set(found))


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_groups_that_are_there_are_found_without_being_told_how_many(count):
    rows, true = groups(count, 20, seed=count)
    found = cluster(rows, None)
    assert same_partition(found.labels, true)
    assert 0 < found.quality <= 1


@given(st.integers(0, 1000), st.integers(1, 6), st.integers(2, 30))
@settings(max_examples=25)
def test_a_seed_gives_the_same_clusters_and_every_row_has_one(seed, k, each):
    rows, _ = groups(6, each, seed, spread=2.0)
    once, again = cluster(rows, k, seed), cluster(rows.copy(), k, seed)
    np.testing.assert_array_equal(once.labels, again.labels)
    assert once.labels.min() == 0
    assert once.count <= k
    sizes = np.bincount(once.labels)
    assert list(sizes) == sorted(sizes, reverse=True)
    np.testing.assert_allclose(np.linalg.norm(once.centres, axis=1), 1, atol=1e-5)
    # each row is with the nearest centre
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ once.centres.T
    np.testing.assert_allclose(once.scores, cosines.max(axis=1), atol=1e-5)


@given(st.integers(0, 1000), st.floats(0.01, 100))
@settings(max_examples=20)
def test_the_length_of_a_row_changes_nothing(seed, factor):
    rows, _ = groups(4, 10, seed)
    scaled = rows * np.float32(factor)
    assert same_partition(cluster(scaled, 4).labels, cluster(rows, 4).labels)


def test_rows_without_a_direction_are_in_no_cluster():
    rows, true = groups(3, 10, seed=1)
    rows[4], rows[17] = np.nan, 0
    found = cluster(rows, None)
    assert list(np.flatnonzero(found.labels < 0)) == [4, 17]
    assert np.isnan(found.scores[[4, 17]]).all()
    rest = found.labels >= 0
    assert same_partition(found.labels[rest], true[rest])


def test_equal_rows_are_one_cluster_and_more_than_there_are_is_told():
    rows = np.tile(np.float32([[1, 2, 3]]), (9, 1))
    assert cluster(rows, None).count == 1
    with pytest.raises(ValueError, match=r"^1$"):
        cluster(rows, 2)
    with pytest.raises(ValueError, match=r"^0$"):
        cluster(np.zeros((3, 2), np.float32), None)


def test_a_single_row_and_two_rows_have_clusters():
    assert cluster(np.float32([[1, 0]]), None).count == 1
    assert cluster(np.float32([[1, 0], [0, 1]]), 2).count == 2


def test_no_more_than_a_dozen_are_tried():
    rows = np.eye(40, dtype=np.float32)
    assert cluster(np.repeat(rows, 3, axis=0), None).count <= MOST


def test_the_nearest_to_a_centre_come_first_and_are_of_the_cluster():
    rows, _ = groups(3, 15, seed=2)
    found = cluster(rows, 3)
    nearest = found.nearest(1, 5)
    assert all(found.labels[row] == 1 for row in nearest)
    scores = found.scores[nearest]
    assert list(scores) == sorted(scores, reverse=True)
    assert scores[0] == found.scores[found.labels == 1].max()
