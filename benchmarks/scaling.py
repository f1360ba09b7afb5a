"""
How `map` grows: with its rows, and with the workers of a Dask cluster on this machine.

``python -m benchmarks.scaling`` (``--quick`` for few rows); ``--million`` adds 1,000,000 rows;
``--plot FILE`` draws what was measured. A line is straight where rows per second stay the same.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.answers import CHAT
from benchmarks.contest import Goal, Report, Table, compete, goals_table, number
from benchmarks.map import TEMPLATE, and_kept, frame_of
from benchmarks.stub import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contest import Spent

IN_FLIGHT = 64
DELAY_MS = 50.0


def on_dask(setting: dict[str, Any]) -> Callable[[], None]:
    import dask
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    import nbnebius as neb

    dask.config.set({"distributed.comm.timeouts.connect": "30s"})
    cluster = LocalCluster(
        n_workers=setting["workers"], threads_per_worker=1, dashboard_address=None
    )
    client = Client(cluster)
    neb.connect("x", setting["url"])

    def ask(rows: int, name: str) -> Any:
        frame = dd.from_pandas(frame_of(rows, name), npartitions=4)
        answers = neb.map(
            frame, TEMPLATE, model=CHAT, concurrency=IN_FLIGHT, budget=1e6, max_tokens=64
        )
        return answers.compute()

    ask(40, "a warm-up")

    def work() -> None:
        try:
            frame = ask(setting["rows"], "review")
            assert len(frame) == setting["rows"]
            assert frame["answer"].notna().all()
        finally:
            client.close()
            cluster.close()

    return work


def by_rows(sizes: list[int]) -> list[Table]:
    """Map frames of these sizes, each in a fresh process with an empty journal."""
    tables = []
    with running() as url:
        for rows in sizes:
            setting = {"url": url, "rows": rows, "in_flight": IN_FLIGHT}
            title = f"{rows:,} rows, {IN_FLIGHT} in flight, no delay"
            tables.append(Table(title, "row", rows, compete({"map": and_kept}, setting, 1), "map"))
    return tables


def by_workers(rows: int, workers: list[int]) -> Table:
    """Map one frame with so many workers, each a process of its own."""
    spent: dict[str, list[Spent]] = {}
    with running(DELAY_MS) as url:
        for count in workers:
            name = f"{count} Dask worker{'s' * (count > 1)}"
            setting = {"url": url, "rows": rows, "workers": count}
            spent |= compete({name: on_dask}, setting, 1)
    title = (
        f"{rows:,} rows, {DELAY_MS:g} ms an answer, {IN_FLIGHT} in flight for each worker; "
        f"{os.cpu_count()} cores"
    )
    return Table(title, "row", rows, spent, next(iter(spent)))


def run(*, quick: bool = False, million: bool = False) -> Report:
    """Answer the questions."""
    report = Report("Scaling")
    sizes = [500, 2_000] if quick else [1_000, 10_000, 100_000]
    tables = by_rows(sizes + [1_000_000] * million)
    report.tables += tables
    first, last = tables[-2], tables[-1]
    pace = (last.median("map") / last.count) / (first.median("map") / first.count)
    report.goals.append(Goal(f"time per row: {last.count:,} rows, of {first.count:,}", 1.25, pace))
    if find_spec("distributed") is not None:
        report.tables.append(by_workers(1_000 if quick else 5_000, [2] if quick else [1, 2, 4]))
    else:
        report.notes.append("Dask is not installed (extra `dask`), so its workers are left out.")
    return report


def plot(report: Report, path: str) -> None:
    """Draw rows against seconds and memory."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    tables = [table for table in report.tables if "map" in table.spent]
    rows = [table.count for table in tables]
    figure, both = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    told = (("wall", "seconds"), ("growth", "memory over the input, MB"))
    for axes, (what, label) in zip(both, told, strict=True):
        values = [table.median("map", what) for table in tables]
        axes.loglog(rows, values, marker="o")
        axes.minorticks_off()
        axes.set_xticks(rows, [f"{count:,}" for count in rows])
        axes.set_yticks(values, [number(value) for value in values])
        axes.set(xlabel="rows", ylabel=label)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    report = run(quick="--quick" in sys.argv[1:], million="--million" in sys.argv[1:])
    print(report.markdown(), *goals_table(report.goals), sep="\n")
    if "--plot" in sys.argv[1:]:
        plot(report, sys.argv[sys.argv.index("--plot") + 1])
