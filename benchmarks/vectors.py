"""
Many texts to a frame of vectors, and the nearest of many.

``python -m benchmarks.vectors`` (``--quick`` for few); ``python -m benchmarks.vectors 100000 1024``
for a size of one's own. Both contenders ask the same server for the same groups of 128 texts.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from benchmarks.answers import EMBEDDING, FLOATS
from benchmarks.contest import Goal, Report, Table, compete, goals_table
from benchmarks.stub import running

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP = 128
KEPT, PRIVATE, SDK = "embed", "embed(private=True)", "openai, 8 threads"
AGAIN = "embed, all kept already"
PRODUCT, FRAME = "one matrix product, nothing found", "search in a frame"


def _texts(count: int) -> list[str]:
    return [f"text number {n}, of no great length" for n in range(count)]


def and_kept(setting: dict[str, Any]) -> Callable[[], None]:
    return _by_us(setting, private=False)


def in_private(setting: dict[str, Any]) -> Callable[[], None]:
    return _by_us(setting, private=True)


def once_more(setting: dict[str, Any]) -> Callable[[], None]:
    return _by_us(setting, private=False)


def _by_us(setting: dict[str, Any], *, private: bool) -> Callable[[], None]:
    import nbnebius as neb

    neb.connect("x", setting["url"])
    texts, dims = _texts(setting["count"]), setting["dims"]
    given = {"model": setting["model"], "dimensions": dims, "private": private}
    neb.embed(["a text of its own"], **given)

    def work() -> None:
        frame = neb.embed(texts, **given)
        assert neb.matrix(frame).shape == (len(texts), dims)
        assert (frame["neb_status"] == "ok").all()

    return work


def by_sdk(setting: dict[str, Any]) -> Callable[[], None]:
    from concurrent.futures import ThreadPoolExecutor

    import openai
    import pandas as pd

    client = openai.OpenAI(api_key="x", base_url=setting["url"])
    texts, dims = _texts(setting["count"]), setting["dims"]
    given = {"model": setting["model"], "dimensions": dims}
    client.embeddings.create(input=texts[:1], **given)

    def ask(start: int) -> list[list[float]]:
        answer = client.embeddings.create(input=texts[start : start + GROUP], **given)
        return [datum.embedding for datum in answer.data]

    def work() -> None:
        with ThreadPoolExecutor(8) as pool:
            groups = pool.map(ask, range(0, len(texts), GROUP))
            vectors = [row for group in groups for row in group]
        frame = pd.DataFrame({"text": texts, "embedding": vectors})
        assert len(frame) == len(texts)
        assert len(frame["embedding"][0]) == dims

    return work


def by_product(setting: dict[str, Any]) -> Callable[[], None]:
    block, query, _ = _rows(setting)

    def work() -> None:
        assert (block @ query).shape == (setting["count"],)

    return _warm(work)


def in_a_frame(setting: dict[str, Any]) -> Callable[[], None]:
    import numpy as np
    import pandas as pd

    import nbnebius as neb

    block, query, best = _rows(setting)
    rows = np.empty(len(block), dtype=object)
    for place in range(len(block)):
        rows[place] = block[place]
    frame = pd.DataFrame({"embedding": rows})

    def work() -> None:
        assert list(neb.search(frame, query, k=10).index) == best

    return _warm(work)


def _rows(setting: dict[str, Any]) -> tuple[Any, Any, list[int]]:
    """Make rows and a query, and find the ten nearest by cosine the plain way."""
    import numpy as np

    count, dims = setting["count"], setting["dims"]
    dice = np.random.default_rng(0)
    block = np.empty((count, dims), np.float32)
    lengths = np.empty(count, np.float32)
    for start in range(0, count, 10_000):
        part = block[start : start + 10_000]
        dice.random(out=part, dtype=np.float32)
        part -= 0.5
        lengths[start : start + 10_000] = np.sqrt(np.einsum("ij,ij->i", part, part))
    query = dice.random(dims, dtype=np.float32) - np.float32(0.5)
    best = np.argsort(-(block @ query) / lengths, kind="stable")[:10]
    return block, query, [int(place) for place in best]


def _warm(work: Callable[[], None]) -> Callable[[], None]:
    work()
    return work


def embed(
    url: str, count: int, dims: int, rounds: int, model: str = EMBEDDING, *, again: bool = True
) -> Table:
    """Let contenders embed the same texts in turns."""
    contenders = {PRIVATE: in_private, KEPT: and_kept, AGAIN: once_more, SDK: by_sdk}
    if not again:
        del contenders[AGAIN]
    setting = {"url": url, "count": count, "dims": dims, "model": model}
    spent = compete(contenders, setting, rounds, again=(AGAIN,) if again else (), once=(SDK,))
    size = count * dims * 4 / 2**20
    kind = "floats as text" if model == FLOATS else "base64"
    title = f"{count:,} texts x {dims:,} dimensions ({size:,.0f} MB as float32), {kind}"
    return Table(title, "text", count, spent, SDK if SDK in spent else PRIVATE)


def search(count: int, dims: int, rounds: int) -> Table:
    """Let contenders search the same rows in turns."""
    contenders = {PRODUCT: by_product, FRAME: in_a_frame}
    spent = compete(contenders, {"count": count, "dims": dims}, rounds)
    title = f"The 10 nearest of {count:,} x {dims:,}"
    return Table(title, "row", count, spent, PRODUCT)


def run(*, quick: bool = False) -> Report:
    """Answer the questions."""
    report = Report("Vectors")
    with running() as url:
        for count, dims in (
            ((5_000, 1024), (2_000, 4096)) if quick else ((100_000, 1024), (25_000, 4096))
        ):
            table = embed(url, count, dims, 1, again=not quick)
            report.tables.append(table)
            matrix = count * dims * 4 / 2**20
            report.goals += [
                Goal(
                    f"embed, private, {dims} dimensions: openai's CPU, of ours",
                    15,
                    table.ratio(SDK, PRIVATE, "cpu"),
                    least=True,
                ),
                Goal(
                    f"embed, kept, {dims} dimensions: openai's CPU, of ours",
                    5,
                    table.ratio(SDK, KEPT, "cpu"),
                    least=True,
                ),
            ]
            if not quick:  # in a small one the rest of the process outweighs the matrix
                grown = table.median(PRIVATE, "growth") / matrix
                report.goals.append(
                    Goal(
                        f"embed, private, {dims} dimensions: peak memory, of the matrix", 1.2, grown
                    )
                )
        floats = embed(url, 300 if quick else 2_000, 1024, 1, FLOATS, again=False)
        report.tables.append(floats)
        report.goals.append(
            Goal(
                "embed from a server that sends floats: openai's CPU, of ours",
                15,
                floats.ratio(SDK, PRIVATE, "cpu"),
                least=True,
            )
        )
    table = search(100_000 if quick else 1_000_000, 1024, 1)
    report.tables.append(table)
    report.goals.append(
        Goal("search: time, of one matrix product", 1.2, table.ratio(FRAME, PRODUCT))
    )
    return report


if __name__ == "__main__":
    if sizes := [int(one) for one in sys.argv[1:] if one.isdigit()]:
        with running() as url:
            print(embed(url, *sizes, rounds=3).markdown())
    else:
        report = run(quick="--quick" in sys.argv[1:])
        print(report.markdown(), *goals_table(report.goals), sep="\n")
