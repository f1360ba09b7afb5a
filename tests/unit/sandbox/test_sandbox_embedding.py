"""Near texts are near, whatever the length of the vector."""

import numpy as np
import pytest

from nbnebius.sandbox.engines.embedding import embed

CATS = ["a cat sat on the mat", "the cat is sitting on a mat", "cats sit on mats"]
MONEY = ["quarterly profits rose sharply", "the company's quarterly profit rose", "profits rise"]


@pytest.mark.parametrize("dimensions", [32, 128, 512, 1024, 4096])
def test_near_texts_are_nearer_than_far_ones(dimensions):
    vectors = embed(CATS + MONEY, 4096, dimensions)
    likeness = vectors @ vectors.T
    for row in range(6):
        same = range(3) if row < 3 else range(3, 6)
        other = range(3, 6) if row < 3 else range(3)
        nearest = max(likeness[row, column] for column in same if column != row)
        assert nearest > max(likeness[row, column] for column in other)


@pytest.mark.parametrize("native", [1024, 4096])
def test_fewer_dimensions_are_the_first_ones_scaled(native):
    whole = embed(CATS, native, native)
    short = embed(CATS, native, 100)
    cut = whole[:, :100]
    assert np.allclose(short, cut / np.linalg.norm(cut, axis=1, keepdims=True), atol=1e-6)


def test_vectors_have_length_one_and_are_float32():
    vectors = embed(["", " ", "?!", "a", "the of and", "\u4ef7\u683c", "word " * 500], 1024, 1024)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_cut_very_short_still_has_a_direction():
    assert np.allclose(np.abs(embed(["tea", "coffee"], 1024, 1)), 1)


def test_a_text_has_the_same_vector_alone_and_among_others():
    texts = [f"text number {number} about {word}" for number in range(700) for word in ("tea",)]
    together = embed(texts, 1024, 1024)
    for place in (0, 511, 512, 699):
        assert np.allclose(together[place], embed([texts[place]], 1024, 1024)[0], atol=1e-6)


def test_the_case_and_the_marks_of_a_text_matter_little():
    one, other = embed(["The CAT, sat!", "the cat sat"], 1024, 1024)
    assert one @ other > 0.999
