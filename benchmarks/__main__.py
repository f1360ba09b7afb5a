"""
Every benchmark in turn, and the goals: ``python -m benchmarks``, ``--quick`` for small sizes.

``python -m benchmarks map vectors`` runs some of them. ``--json FILE`` says where all figures go
(``benchmarks.json``), ``--page FILE`` puts the tables into a page, between its two marks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module, metadata
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contest import goals_table

if TYPE_CHECKING:
    from benchmarks.contest import Report

QUESTIONS = (
    *("limit", "loading", "chats", "catalogs", "streams", "map"),
    *("vectors", "batches", "schemas", "scaling", "pauses"),
)
ASLEEP = "pauses"
"""Sleeps nearly all the time, so it goes on beside the others."""
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def machine() -> str:
    """Tell where this runs, and with what."""
    packages = ("openai", "aiohttp", "numpy", "pandas", "polars", "duckdb", "pyarrow", "uvloop")
    versions = [f"{name} {metadata.version(name)}" for name in packages if find_spec(name)]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}; "
        f"load {load:.1f} at the beginning."
    )


def put_into(page: Path, text: str) -> None:
    """Replace what stands between a page's marks."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("questions", nargs="*", help=", ".join(QUESTIONS))
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"))
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    if wrong := sorted(set(options.questions) - set(QUESTIONS)):
        parser.error(f"there is no {', '.join(wrong)}; there are {', '.join(QUESTIONS)}")
    where, began = machine(), time.monotonic()
    print(where, flush=True)
    reports: list[Report] = []
    questions = options.questions or QUESTIONS
    with ThreadPoolExecutor() as pool:

        def ask(name: str) -> Future[Report]:
            return pool.submit(import_module(f"benchmarks.{name}").run, quick=options.quick)

        asleep = [ask(name) for name in questions if name == ASLEEP]
        for answer in chain((ask(n) for n in questions if n != ASLEEP), asleep):
            try:
                report = answer.result()
            except BaseException:
                traceback.print_exc()  # now: to leave is to wait for the pause
                raise
            print(f"\n{report.markdown()}", flush=True)
            reports.append(report)
    goals = goals_table([goal for report in reports for goal in report.goals])
    took = f"{time.monotonic() - began:.0f} s in all."
    print("\n## Goals", *goals, "", took, sep="\n")
    told = {"machine": where, "quick": options.quick, "reports": [r.plain() for r in reports]}
    options.json.write_text(json.dumps(told, indent=1) + "\n")
    print(f"All figures: {options.json}", file=sys.stderr)
    if options.page is not None:
        parts = [where, "## Goals", "\n".join(goals).strip(), *(r.markdown() for r in reports)]
        put_into(options.page, "\n\n".join(parts))


if __name__ == "__main__":
    main()
