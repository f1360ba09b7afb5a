"""
Top 10 among many vectors, against one NumPy matrix product over the same rows in the same run.

``python -m benchmarks.search 1000000``. The product alone finds nothing yet, and needs lengths of
one; it is the least that any exact search must do.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbnebius.frames.embeddings import ELEMENTS, matrix_blocks
from nbnebius.work.search import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

DIMS = 1024
K = 10
ROUNDS = 5


def peak() -> float:
    """Give the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Run several times; the median in seconds, what memory grew by in MB, and the result."""
    before, times, result = peak(), [], None
    for _ in range(ROUNDS):
        began = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - began)
    return statistics.median(times), peak() - before, result


def run(count: int) -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    block = np.empty((count, DIMS), np.float32)
    for start in range(0, count, 10_000):
        part = block[start : start + 10_000]
        rng.standard_normal(out=part, dtype=np.float32)
    query = rng.standard_normal(DIMS, dtype=np.float32)
    rows = np.empty(count, dtype=object)
    for place in range(count):
        rows[place] = block[place]
    frame = pd.DataFrame({"embedding": rows})
    step = ELEMENTS // DIMS
    blocks = lambda: (block[start : start + step] for start in range(0, count, step))  # noqa: E731
    product, product_grown, scores = timed(lambda: block @ query)
    ours, ours_grown, found = timed(lambda: nearest(blocks(), query, K))
    whole, whole_grown, again = timed(lambda: nearest(matrix_blocks(frame)[1], query, K))
    lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
    best = np.argsort(-scores / lengths, kind="stable")[:K]
    assert list(found[0]) == list(again[0]) == list(best)
    print(f"top {K} of {count:,} x {DIMS} ({block.nbytes / 2**20:,.0f} MB); {ROUNDS} rounds\n")
    print("| what | ms, median | x the product | memory grew by, MB |")
    print("|---|---|---|---|")
    for name, seconds, grown in (
        ("one matrix product, vectors of any length, nothing found", product, product_grown),
        ("search in a matrix: cosines and the top 10", ours, ours_grown),
        ("search in a frame: rows read, cosines, top 10", whole, whole_grown),
    ):
        print(f"| {name} | {seconds * 1000:.0f} | {seconds / product:.1f} | {grown:.0f} |")


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
