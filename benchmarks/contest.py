"""
Contenders take turns, each in a fresh process: medians, and ratios of the same round.

A contender is a function of a module of this package: it is given the setting (a dict), makes
ready what is not to be measured, and returns the work that is. A ratio compares two contenders in
each round and is the median of the rounds, so that a machine that is busy for a while does not
decide it.
"""

from __future__ import annotations

import compileall
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Work = Callable[[], "Mapping[str, float] | None"]
    Contender = Callable[[dict[str, Any]], Work]

ROOT = Path(__file__).parents[1]
MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Spent:
    """
    What one turn took.

    Attributes
    ----------
    wall, cpu
        Seconds; those of CPU are of all threads.
    growth
        MB of memory at the peak, over what was held before.
    more
        What else the contender counted.
    """

    wall: float
    cpu: float
    growth: float
    more: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """
    What is to be reached, and what was.

    Attributes
    ----------
    what
        In words, with the two that are compared.
    asked
        The limit; the least where `least`, else the most.
    reached
        None where the peer is not installed.
    """

    what: str
    asked: float
    reached: float | None
    least: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether it was reached; None where that could not be measured."""
        if self.reached is None:
            return None
        return self.reached >= self.asked if self.least else self.reached <= self.asked

    def row(self) -> str:
        """Write it as the row of a table."""
        told = {None: "not measured: the peer is not installed", True: "met", False: "**missed**"}
        reached = "" if self.reached is None else number(self.reached)
        bound = f"{'at least' if self.least else 'at most'} {number(self.asked)}"
        return f"| {self.what} | {bound} | {reached} | {told[self.is_met]} |"


@dataclass(slots=True)
class Table:
    """
    The turns of some contenders at one size.

    Attributes
    ----------
    title
        What they did.
    unit, count
        What is counted in it, and how many there were.
    spent
        By contender, a turn a round.
    peer
        Whom the ratios compare with.
    """

    title: str
    unit: str
    count: int
    spent: dict[str, list[Spent]]
    peer: str

    def median(self, name: str, what: str = "wall") -> float:
        """Give the median of a contender's turns."""
        return statistics.median(_one(turn, what) for turn in self.spent[name])

    def ratio(self, one: str, other: str, what: str = "wall") -> float | None:
        """Compare two in each round, and give the median; None where one is not there."""
        if one not in self.spent or other not in self.spent:
            return None
        # a slow contender may have had the first rounds only
        pairs = zip(self.spent[one], self.spent[other], strict=False)
        return statistics.median(_one(a, what) / max(_one(b, what), 1e-9) for a, b in pairs)

    def markdown(self) -> str:
        """Write it."""
        rounds = max(len(turns) for turns in self.spent.values())
        unit = self.unit
        peer = self.peer
        head = (
            *(f"{self.unit}s/s", f"wall, µs/{unit}", f"CPU, µs/{unit}", "memory, MB"),
            *(f"wall, of {peer}", f"CPU, of {peer}"),
        )
        told = f"medians of {rounds} rounds" if rounds > 1 else "1 round"
        if once := [name for name, turns in self.spent.items() if len(turns) < rounds]:
            told += f", and one of {', '.join(once)}"
        lines = [f"{self.title}; {told}", "", f"| | {' | '.join(head)} |", "|---" * 7 + "|"]
        for name in self.spent:
            wall, cpu = self.median(name), self.median(name, "cpu")
            each = 1e6 / self.count
            ratios = (self.ratio(name, self.peer, what) for what in ("wall", "cpu"))
            cells = (
                *(f"{self.count / wall:,.0f}", number(wall * each), number(cpu * each)),
                f"{self.median(name, 'growth'):,.0f}",
                *("" if one is None else number(one) for one in ratios),
            )
            lines.append(f"| {name} | {' | '.join(cells)} |")
        return "\n".join(lines)


@dataclass(slots=True)
class Report:
    """The answer to one question: tables, goals, and what else is to be said."""

    question: str
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Write it, without its goals."""
        return "\n\n".join(
            [f"## {self.question}", *(t.markdown() for t in self.tables), *self.notes]
        )

    def plain(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        goals = [{**asdict(goal), "met": goal.is_met} for goal in self.goals]
        return {
            "question": self.question,
            "tables": [asdict(table) for table in self.tables],
            "goals": goals,
            "notes": self.notes,
        }


def _one(turn: Spent, what: str) -> float:
    return float(turn.more[what] if what in turn.more else getattr(turn, what))


def number(value: float) -> str:
    """Write a number with as many digits as mean something."""
    size = abs(value)
    for least, digits in ((100, 0), (10, 1), (1, 2), (0.01, 3)):
        if size >= least:
            return f"{value:,.{digits}f}"
    return f"{value:.1g}" if value else "0"


def compete(
    contenders: Mapping[str, Contender],
    setting: Mapping[str, Any],
    rounds: int,
    *,
    again: Sequence[str] = (),
    once: Sequence[str] = (),
    python: Sequence[str] = (),
) -> dict[str, list[Spent]]:
    """
    Let contenders take turns; the first of a round changes, and each has a journal of its own.

    Parameters
    ----------
    contenders
        By name. Those whose package is not installed are left out.
    setting
        What each is given.
    rounds
        How many turns each has.
    again
        Those that find the journal of the contender before them.
    once
        Those that are so slow that they have one turn, in the first round.
    python
        Flags of the interpreter.
    """
    compile_package()
    spent: dict[str, list[Spent]] = {name: [] for name in contenders}
    order = list(contenders)
    for turn in range(rounds):
        with tempfile.TemporaryDirectory(prefix="nbnebius-bench-") as folder:
            home = Path(folder) / "first"
            for place, name in enumerate(order):
                if turn and name in once:
                    continue
                home = home if name in again else Path(folder) / str(place)
                one = take_turn(contenders[name], setting, home, python)
                if one is not None:
                    spent[name].append(one)
                elif turn:
                    raise RuntimeError(f"{name} failed in round {turn + 1}")
        if not again:
            order = order[1:] + order[:1]
    return {name: turns for name, turns in spent.items() if turns}


@functools.cache
def compile_package() -> None:
    """Compile the checkout, as pip does with the peers when it installs them."""
    compileall.compile_dir(ROOT / "nbnebius", quiet=2)


def take_turn(
    contender: Contender, setting: Mapping[str, Any], home: Path, python: Sequence[str] = ()
) -> Spent | None:
    """Run a contender in a fresh process; None where its package is not installed."""
    spec = sys.modules[contender.__module__].__spec__
    module = contender.__module__ if spec is None else spec.name
    process = subprocess.run(
        [
            *(sys.executable, *python, "-m", "benchmarks.contest"),
            *(module, contender.__name__, json.dumps(setting)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NBNEBIUS_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(process.stdout.splitlines()[-1])
    return None if told is None else Spent(**told)


def memory() -> float:
    """Give the memory this process holds now, in MB; its peak where that cannot be told."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    return peak()


def peak() -> float:
    """Give the most memory this process has held, in MB; on Linux since `forget_peak`."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    unit = MEGABYTE if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def forget_peak() -> None:
    """Begin to measure the peak anew, where the operating system can (Linux)."""
    refs = Path("/proc/self/clear_refs")
    if refs.exists():
        refs.write_text("5")


def measure(work: Work) -> Spent:
    """Do the work in this process, and measure it."""
    forget_peak()
    before = memory()
    wall, cpu = time.perf_counter(), time.process_time()
    more = work()
    spent = time.perf_counter() - wall, time.process_time() - cpu
    return Spent(*spent, max(0.0, peak() - before), dict(more or {}))


def main(run: Callable[..., Report]) -> None:
    """Answer one question, as ``python -m benchmarks.NAME [--quick]``."""
    report = run(quick="--quick" in sys.argv[1:])
    print(report.markdown(), *goals_table(report.goals), sep="\n")


def goals_table(goals: Sequence[Goal]) -> list[str]:
    """Write goals as the lines of a table."""
    head = ["", "| goal | asked | reached | |", "|---|---|---|---|"]
    return [*head, *(goal.row() for goal in goals)] if goals else []


def turn_in_child() -> None:
    """Take one turn: what `take_turn` starts."""
    module, name, setting = sys.argv[1:]
    try:
        work = getattr(import_module(module), name)(json.loads(setting))
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(("nbnebius", "benchmarks")):
            raise
        print("null")
        return
    print(json.dumps(asdict(measure(work))))


if __name__ == "__main__":
    turn_in_child()
