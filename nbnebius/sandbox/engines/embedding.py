"""
Embeddings by feature hashing: texts that share words and spellings lie near each other.

Features are words, pairs of neighbouring words and the character trigrams of words. Every feature
has a number; a text's vector adds each of its features, with a sign, in a few places. The places
stand in bands, so that the first part of a vector is by itself a whole, coarser vector: cutting a
vector short and scaling it to length one again loses little.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nbnebius.sandbox.engines.voice import number_of
from nbnebius.sandbox.engines.words import STOP_WORDS

Numbers = npt.NDArray[np.uint64]
Weights = npt.NDArray[np.float32]

_WORD = re.compile(r"#?\w+(?:['\u2019]\w+)?")
_ROWS_AT_ONCE = 512
_BANDS = (0, 64, 256, 1024, 4096)
_BAND_SHARE = (0.5, 0.7, 1.0, 1.0)
_WORD_WEIGHT, _PAIR_WEIGHT, _SPELLING_WEIGHT, _FILLER_WEIGHT = 1.0, 0.6, 0.7, 0.15
_NO_WORDS = "(no words)"


def embed(texts: Sequence[str], native: int, dimensions: int) -> npt.NDArray[np.float32]:
    """
    Embed texts.

    Parameters
    ----------
    texts
        What to embed.
    native
        The model's own number of dimensions.
    dimensions
        How many of them to give.

    Returns
    -------
    array
        One row of length one per text, float32.
    """
    groups = [
        _embed_group(texts[start : start + _ROWS_AT_ONCE], native, dimensions)
        for start in range(0, len(texts), _ROWS_AT_ONCE)
    ]
    return np.concatenate(groups)


def _embed_group(texts: Sequence[str], native: int, dimensions: int) -> npt.NDArray[np.float32]:
    rows, numbers, weights = _features(texts)
    rows, numbers, weights = _counted(rows, numbers, weights)
    size = len(texts) * native
    total = np.zeros(size)
    for band, share in enumerate(_BAND_SHARE):
        low, high = _BANDS[band], min(_BANDS[band + 1], native)
        if low >= min(native, dimensions):
            break
        mixed = _mix(numbers + np.uint64(band + 1))
        places = low + (mixed >> np.uint64(8)) % np.uint64(high - low)
        signs = 1.0 - 2.0 * (mixed & np.uint64(1))
        total += np.bincount(
            rows * native + places.astype(np.int64), weights * signs * share, minlength=size
        )
    vectors = total.reshape(len(texts), native)[:, :dimensions]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    # A vector cut so short that nothing is left of it still must have a direction.
    vectors[:, :1] += lengths == 0
    lengths[lengths == 0] = 1.0
    return np.ascontiguousarray(vectors / lengths, dtype=np.float32)


def _features(
    texts: Sequence[str],
) -> tuple[npt.NDArray[np.int64], Numbers, npt.NDArray[np.float64]]:
    """Give all features of all texts: the text's row, the feature's number and weight."""
    words = [[word.lower() for word in _WORD.findall(text)] or [_NO_WORDS] for text in texts]
    flat = [word for row in words for word in row]
    known = [_word_features(word) for word in flat]
    row_of_word = np.repeat(np.arange(len(words)), [len(row) for row in words])
    row_of_feature = np.repeat(row_of_word, [len(numbers) for numbers, _ in known])
    heads = np.array([numbers[0] for numbers, _ in known], dtype=np.uint64)
    scales = np.array([weights[0] for _, weights in known])
    beside = row_of_word[1:] == row_of_word[:-1]
    pairs = _mix(heads[:-1] * np.uint64(3) + heads[1:])[beside]
    pair_weights = (_PAIR_WEIGHT * np.sqrt(scales[:-1] * scales[1:]))[beside]
    return (
        np.concatenate([row_of_feature, row_of_word[1:][beside]]),
        np.concatenate([*(numbers for numbers, _ in known), pairs]),
        np.concatenate([*(weights for _, weights in known), pair_weights]),
    )


@lru_cache(maxsize=200_000)
def _word_features(word: str) -> tuple[Numbers, Weights]:
    """Give the numbers and weights of a word itself and of its trigrams."""
    spelled = f"^{word}$"
    trigrams = [spelled[i : i + 3] for i in range(len(spelled) - 2)]
    scale = _FILLER_WEIGHT if word in STOP_WORDS else _WORD_WEIGHT
    numbers = [number_of(f"w {word}"), *(number_of(f"t {trigram}") for trigram in trigrams)]
    spelling = _SPELLING_WEIGHT * scale / max(1, len(trigrams)) ** 0.5
    weights = [scale, *([spelling] * len(trigrams))]
    return np.array(numbers, dtype=np.uint64), np.array(weights, dtype=np.float32)


def _counted(
    rows: npt.NDArray[np.int64], numbers: Numbers, weights: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], Numbers, npt.NDArray[np.float64]]:
    """Count a feature that a text has several times once, with the root of its count."""
    keys = _mix(numbers ^ _mix(rows.astype(np.uint64)))
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    return rows[first], numbers[first], weights[first] * np.sqrt(counts)


def _mix(numbers: Numbers) -> Numbers:
    """Scatter numbers evenly (the finaliser of splitmix64)."""
    with np.errstate(over="ignore"):
        numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return numbers ^ (numbers >> np.uint64(31))
