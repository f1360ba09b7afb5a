"""
A second cell after minutes of thinking: is the connection still there?

``python -m benchmarks.pauses`` (``--quick`` for seconds rather than minutes). Both contenders think
at the same time.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.chats import by_sdk, in_private
from benchmarks.contest import Goal, Report, main, take_turn
from benchmarks.stub import counts_at, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contest import Spent

OURS, SDK = "nbnebius", "openai"
MINUTES = 5.0


def sdk_after_a_pause(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    return _after_a_pause(by_sdk, setting)


def ours_after_a_pause(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    return _after_a_pause(in_private, setting)


def _after_a_pause(contender: Any, setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    with running() as url:  # of its own, so that the connections counted are its own
        ask = contender({**setting, "url": url, "count": 1})
        before = counts_at(url)["connections"]  # the asking itself takes one
        time.sleep(setting["pause"])
        ask()
        made = counts_at(url)["connections"] - before - 1

    return lambda: {"connections": made}


def run(*, quick: bool = False) -> Report:
    """Answer the question."""
    pause = 6.0 if quick else MINUTES * 60
    contenders = {OURS: ours_after_a_pause, SDK: sdk_after_a_pause}

    def think(name: str) -> Spent | None:
        with tempfile.TemporaryDirectory(prefix="nbnebius-bench-") as folder:
            return take_turn(contenders[name], {"pause": pause}, Path(folder) / "home")

    with ThreadPoolExecutor() as pool:
        turns = dict(zip(contenders, pool.map(think, contenders), strict=True))
    made = {name: turn.more["connections"] for name, turn in turns.items() if turn is not None}
    report = Report("A pause")
    report.goals.append(Goal(f"new connections after {pause:g} s of thinking", 0, made[OURS]))
    told = ", ".join(f"{name} {count:.0f}" for name, count in made.items())
    report.notes.append(f"New connections of a second call, {pause:g} s after the first: {told}.")
    return report


if __name__ == "__main__":
    main(run)
