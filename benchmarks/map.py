"""
A whole frame, kept or not: how fast, what keeping costs, and what a second run takes.

``python -m benchmarks.map`` answers the questions (``--quick`` for few rows). ``--rows``,
``--in-flight``, ``--delay-ms`` and ``--rounds`` compare at sizes of one's own; ``--million`` does
one long frame, and then the same again, all kept; ``--twice`` does that with ``--rows`` rows.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.answers import CHAT
from benchmarks.contest import MEGABYTE, Goal, Report, Table, compete, goals_table, take_turn
from benchmarks.stub import requests_at, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contest import Spent

TEMPLATE = "Is this review friendly? Answer in a few words: {text}"
WARM_UP = 200  # rows, so that imports and connections are not counted
KEPT, PRIVATE, SDK, FIELD = "map", "map(private=True)", "AsyncOpenAI", "aiohttp and json"
FIRST, SECOND = "the first run", "the second run, all kept"


def frame_of(rows: int, name: str) -> Any:
    import pandas as pd

    return pd.DataFrame({"text": [f"{name} number {i}, a tent that kept dry" for i in range(rows)]})


def and_kept(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    return _by_map(setting, private=False)


def in_private(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    return _by_map(setting, private=True)


def _by_map(setting: dict[str, Any], *, private: bool) -> Callable[[], dict[str, float]]:
    import nbnebius as neb

    neb.connect("x", setting["url"])

    # a million rows cost more than a job may without being asked; the budget is consent
    def work(frame: Any) -> Any:
        return neb.map(
            frame,
            TEMPLATE,
            model=CHAT,
            concurrency=setting["in_flight"],
            private=private,
            budget=1e6,
            max_tokens=64,
        )

    return _counted(work, setting)


def by_sdk(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    import openai

    async def ask_all(texts: list[str]) -> list[str | None]:
        turns = asyncio.Semaphore(setting["in_flight"])
        async with openai.AsyncOpenAI(api_key="x", base_url=setting["url"]) as client:

            async def ask(text: str) -> str | None:
                async with turns:
                    answer = await client.chat.completions.create(
                        model=CHAT,
                        messages=[{"role": "user", "content": TEMPLATE.format(text=text)}],
                        max_tokens=64,
                    )
                return answer.choices[0].message.content

            return await asyncio.gather(*map(ask, texts))

    return _counted(_into_a_frame(ask_all), setting)


def by_aiohttp(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    import aiohttp

    async def ask_all(texts: list[str]) -> list[str | None]:
        turns = asyncio.Semaphore(setting["in_flight"])
        limit = aiohttp.TCPConnector(limit=setting["in_flight"])
        async with aiohttp.ClientSession(connector=limit) as client:

            async def ask(text: str) -> str | None:
                message = {"role": "user", "content": TEMPLATE.format(text=text)}
                body = {"model": CHAT, "messages": [message], "max_tokens": 64}
                url = setting["url"] + "chat/completions"
                async with turns, client.post(url, json=body) as answer:
                    told = await answer.json()
                return told["choices"][0]["message"]["content"]

            return await asyncio.gather(*map(ask, texts))

    return _counted(_into_a_frame(ask_all), setting)


def _into_a_frame(ask_all: Any) -> Callable[[Any], Any]:
    def work(frame: Any) -> Any:
        with asyncio.Runner() as runner:
            return frame.assign(answer=runner.run(ask_all(list(frame["text"]))))

    return work


def _counted(do: Callable[[Any], Any], setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    do(frame_of(WARM_UP, "a warm-up"))
    frame = frame_of(setting["rows"], "review")
    before = requests_at(setting["url"])

    def work() -> dict[str, float]:
        result = do(frame)
        assert len(result) == len(frame)
        assert result["answer"].notna().all()
        return {"requests": requests_at(setting["url"]) - before}

    return work


CONTENDERS = {KEPT: and_kept, PRIVATE: in_private, FIELD: by_aiohttp, SDK: by_sdk}


def compare(rows: int, in_flight: int, delay_ms: float, rounds: int, names: Any = None) -> Table:
    """Let contenders work the same rows in turns."""
    contenders = {n: c for n, c in CONTENDERS.items() if names is None or n in names}
    with running(delay_ms) as url:
        setting = {"url": url, "rows": rows, "in_flight": in_flight}
        spent = compete(contenders, setting, rounds, once=(SDK,))
    title = f"{rows:,} rows, {in_flight} in flight, {delay_ms:g} ms an answer"
    return Table(title, "row", rows, spent, SDK if SDK in spent else KEPT)


def share_of_keeping(table: Table) -> float | None:
    """Tell which part of `map`'s wall time keeping takes: kept against private."""
    private = table.ratio(PRIVATE, KEPT)
    return None if private is None else 1 - private


def twice(rows: int, in_flight: int, delay_ms: float = 0.0) -> Table:
    """Do one frame, and the same again."""
    setting: dict[str, Any] = {"rows": rows, "in_flight": in_flight}
    with running(delay_ms) as url, tempfile.TemporaryDirectory(prefix="nbnebius-") as folder:
        home = Path(folder) / "home"
        turns: list[Spent | None] = [
            take_turn(and_kept, {**setting, "url": url}, home) for _ in range(2)
        ]
        size = (home / "journal.sqlite").stat().st_size / MEGABYTE
    first, again = (turn for turn in turns if turn is not None)
    title = f"{rows:,} rows, {in_flight} in flight; the journal is {size:,.0f} MB"
    return Table(title, "row", rows, {FIRST: [first], SECOND: [again]}, FIRST)


def run(*, quick: bool = False) -> Report:
    """Answer the questions."""
    report = Report("A whole frame")
    rows, rounds = (640, 1) if quick else (20_000, 2)
    cpu = {}
    names = (KEPT, PRIVATE, SDK) if quick else None
    for in_flight, count in ((64, rows), (256, rows // (2 if quick else 4))):
        table = compare(count, in_flight, 0, rounds, names)
        report.tables.append(table)
        cpu[in_flight] = table.median(PRIVATE, "cpu") / count
        for name, asked in ((KEPT, 5), (PRIVATE, 8)):
            ratio = table.ratio(SDK, name)
            what = f"{name}, {in_flight} in flight: its rows per second, of AsyncOpenAI's"
            report.goals.append(Goal(what, asked, ratio, least=True))
    few = compare(count, 8, 0, rounds, (PRIVATE,))
    report.tables.append(few)
    ratio = cpu[256] / (few.median(PRIVATE, "cpu") / count)
    report.goals.append(Goal("CPU per row: 256 in flight, of 8 in flight", 1.2, ratio))
    slow = compare(640 if quick else 5_000, 64, 50, rounds, (KEPT, PRIVATE))
    report.tables.append(slow)
    share = share_of_keeping(slow)
    report.goals.append(
        Goal("keeping, as a share of map's wall time: 64 in flight, 50 ms a call", 0.10, share)
    )
    again = twice(3_000 if quick else 20_000, 64)
    report.tables.append(again)
    seconds = again.median(SECOND) * 1_000_000 / again.count
    report.goals += [
        Goal("a second run, all kept: seconds for 1,000,000 rows at its pace", 60, seconds),
        Goal("a second run, all kept: requests", 0, again.median(SECOND, "requests")),
    ]
    share = share_of_keeping(report.tables[0])
    report.notes.append(
        f"Without delay, keeping is {share:.0%} of map's wall time at 64 in flight."
    )
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="the questions, with few rows")
    parser.add_argument("--rows", type=int, help="a comparison of so many rows")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="one frame of 1,000,000 rows, twice")
    parser.add_argument("--twice", action="store_true", help="one frame of --rows rows, twice")
    options = parser.parse_args()
    rows = 1_000_000 if options.million else options.rows
    if rows is None:
        report = run(quick=options.quick)
        print(report.markdown(), *goals_table(report.goals), sep="\n")
    elif options.million or options.twice:
        table = twice(rows, options.in_flight, options.delay_ms)
        print(table.markdown())
        print(f"\nrequests of the second run: {table.median(SECOND, 'requests'):.0f}")
    else:
        table = compare(rows, options.in_flight, options.delay_ms, options.rounds)
        print(table.markdown())
        print(f"\nkeeping is {share_of_keeping(table):.0%} of map's wall time")


if __name__ == "__main__":
    main()
