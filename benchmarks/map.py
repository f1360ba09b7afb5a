"""
A whole frame, kept or not, against the openai package: what the journal costs, and how fast it is.

``python -m benchmarks.map --rows 20000 --in-flight 64 --delay-ms 50`` lets three take turns, each
in a fresh process and against the same stub: ``map``, ``map(private=True)`` and, where it is
installed, AsyncOpenAI with a semaphore and ``gather``. Medians and ratios are printed; a lone time
says little. ``--million`` does one long frame instead, and then the same again, all kept.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.stub import CHAT, requests_at, running

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPLATE = "Is this review friendly? Answer in a few words: {text}"
WARM_UP = 200  # rows, so that imports and connections are not counted
MEGABYTE = 2**20
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took: seconds on the wall and of CPU, and MB of memory over the input's."""

    wall: float
    cpu: float
    growth: float
    requests: int


def frame_of(rows: int, name: str) -> Any:
    import pandas as pd

    return pd.DataFrame({"text": [f"{name} number {i}, a tent that kept dry" for i in range(rows)]})


def by_map(url: str, in_flight: int, *, private: bool) -> Callable[[Any], Any]:
    import nbnebius as neb

    neb.connect("x", url)
    # a million rows cost more than a job may without being asked; the budget is consent
    return lambda frame: neb.map(
        frame,
        TEMPLATE,
        model=CHAT,
        concurrency=in_flight,
        private=private,
        budget=1e6,
        max_tokens=64,
    )


def by_sdk(url: str, in_flight: int) -> Callable[[Any], Any]:
    import openai

    async def ask_all(texts: list[str]) -> list[str | None]:
        turns = asyncio.Semaphore(in_flight)
        async with openai.AsyncOpenAI(api_key="x", base_url=url) as client:

            async def ask(text: str) -> str | None:
                async with turns:
                    answer = await client.chat.completions.create(
                        model=CHAT,
                        messages=[{"role": "user", "content": TEMPLATE.format(text=text)}],
                        max_tokens=64,
                    )
                return answer.choices[0].message.content

            return await asyncio.gather(*map(ask, texts))

    def ask_frame(frame: Any) -> Any:
        with asyncio.Runner() as runner:
            return frame.assign(answer=runner.run(ask_all(list(frame["text"]))))

    return ask_frame


CONTENDERS: dict[str, Callable[[str, int], Callable[[Any], Any]]] = {
    "map": lambda url, n: by_map(url, n, private=False),
    "map(private=True)": lambda url, n: by_map(url, n, private=True),
    "AsyncOpenAI": by_sdk,
}


def memory() -> float:
    """Give the memory this process holds now, in MB; its peak where that cannot be told."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    return peak()


def peak() -> float:
    """Give the most memory this process has held, in MB."""
    unit = MEGABYTE if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def work(name: str, url: str, rows: int, in_flight: int) -> Spent:
    """Do one frame in this process, and measure it."""
    do = CONTENDERS[name](url, in_flight)
    do(frame_of(WARM_UP, "a warm-up"))
    frame = frame_of(rows, "review")
    before, asked = memory(), requests_at(url)
    wall, cpu = time.perf_counter(), time.process_time()
    result = do(frame)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    assert len(result) == rows
    assert result["answer"].notna().all()
    return Spent(*spent, max(0.0, peak() - before), requests_at(url) - asked)


def measure(name: str, url: str, home: Path, options: argparse.Namespace) -> Spent:
    """Do one frame in a fresh process."""
    asked = ("--one", name, "--url", url, "--rows", str(options.rows))
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.map", *asked, "--in-flight", str(options.in_flight)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NBNEBIUS_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Spent(**json.loads(process.stdout.splitlines()[-1]))


def compare(options: argparse.Namespace) -> None:
    """Print the table of the contenders."""
    names = [n for n in CONTENDERS if n != "AsyncOpenAI" or importlib.util.find_spec("openai")]
    taken: dict[str, list[Spent]] = {name: [] for name in names}
    with running(options.delay_ms) as url, tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds):
            for place, name in enumerate(names):
                home = Path(folder) / f"{turn}-{place}"
                taken[name].append(measure(name, url, home, options))
    print(
        f"{options.rows:,} rows, {options.in_flight} in flight, {options.delay_ms:g} ms an answer;"
        f" medians of {options.rounds} rounds that take turns\n"
    )
    print("| what | rows/s | wall, ms per row | CPU, ms per row | memory over the input, MB |")
    print("|---|---|---|---|---|")
    wall = {n: statistics.median(s.wall for s in spent) for n, spent in taken.items()}
    for name, spent in taken.items():
        cpu = statistics.median(s.cpu for s in spent)
        growth = statistics.median(s.growth for s in spent)
        each = 1000 / options.rows
        print(
            f"| {name} | {options.rows / wall[name]:,.0f} | {wall[name] * each:.3f}"
            f" | {cpu * each:.3f} | {growth:.0f} |"
        )
    share = 1 - wall["map(private=True)"] / wall["map"]
    print(f"\nkeeping the answers is {share:.0%} of map's wall time (kept against private)")
    if "AsyncOpenAI" in wall:
        print(f"map is {wall['AsyncOpenAI'] / wall['map']:.2f} times as fast as AsyncOpenAI")


def long_frame(options: argparse.Namespace) -> None:
    """Do one long frame, and the same again."""
    with running(options.delay_ms) as url, tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        first, again = (measure("map", url, home, options) for _ in range(2))
        size = (home / "journal.sqlite").stat().st_size / MEGABYTE
    print(f"{options.rows:,} rows, {options.in_flight} in flight; the journal is {size:,.0f} MB\n")
    print("| what | seconds | rows/s | requests | memory over the input, MB |")
    print("|---|---|---|---|---|")
    for name, spent in (("first run", first), ("second run, all kept", again)):
        print(
            f"| {name} | {spent.wall:,.1f} | {options.rows / spent.wall:,.0f}"
            f" | {spent.requests:,} | {spent.growth:,.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--delay-ms", type=float, default=50.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="one frame of 1,000,000 rows, twice")
    parser.add_argument("--twice", action="store_true", help="one frame of --rows rows, twice")
    parser.add_argument("--one", choices=tuple(CONTENDERS), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        spent = work(options.one, options.url, options.rows, options.in_flight)
        print(json.dumps({name: getattr(spent, name) for name in Spent.__slots__}))
    elif options.million or options.twice:
        options.rows = 1_000_000 if options.million else options.rows
        long_frame(options)
    else:
        compare(options)


if __name__ == "__main__":
    main()
