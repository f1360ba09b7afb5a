"""
Kill a job again and again, and hold what is left against the promises about money.

``python -m tests.fault.kill_loop --rows 20000 --in-flight 64 --kills 300 --seed 7`` prints a table
and exits with 1 where a promise was broken. ``--plant lost`` takes answers away between kills: then
it has to find that, or it is blind. ``--interrupt`` interrupts only: nothing may be in doubt then.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fault.children import Child, run_job, start_job
from tests.fault.job import Spec, distinct
from tests.fault.journal_reading import read_calls
from tests.fault.moments import draw, is_committing, wait_for
from tests.fault.nursery import Nursery, nursery
from tests.fault.paying import Running, paying
from tests.fault.plants import COUNT, PLANTS
from tests.fault.promises import Promises

if TYPE_CHECKING:
    from collections.abc import Sequence

# USD per million tokens: so cheap that no job has to be agreed to
CHEAP = ("--price-in", "0.001", "--price-out", "0.001")
FIRST_START = 0.3
"""Seconds to a child's first request, until one has been measured."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the loop does; `by` as in `Spec`, `plant` is a defect of its own making or ""."""

    rows: int = 2_000
    in_flight: int = 64
    kills: int = 40
    seed: int = 7
    by: str = "map"
    delay_ms: float = 20.0
    schema: str = ""
    plant: str = ""
    interrupt: bool = False


@dataclass(slots=True)
class Report:
    """What happened, and every broken promise in a line."""

    promises: Promises
    kills: Counter[str] = field(default_factory=Counter)
    half_done: int = 0
    jobs: int = 0
    children: int = 0
    executed: int = 0
    different: int = 0
    broken: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Count every kind of broken promise."""
        seen = self.promises
        return {
            "committed answers lost": len(seen.lost) + len(seen.unnamed),
            "kept answers bought again": len(seen.bought_again),
            "executions without an intent": sum(seen.unrecorded.values()),
            "kills with more in doubt than in flight": int(seen.most_in_doubt > seen.in_flight),
            "anything else wrong": len(self.broken),
        }

    def table(self, plan: Plan) -> str:
        """Draw it in Markdown."""
        seen = self.promises
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kills.items()))
        lines = {
            "seed, rows per job, in flight": f"{plan.seed}, {plan.rows:,}, {plan.in_flight}",
            "kills": f"{self.kills.total()} ({kinds})",
            "of them in the middle of a commit": f"{self.half_done:,}",
            "jobs done to their end": f"{self.jobs:,} of {self.children:,} children",
            "answers committed": f"{len(seen.kept):,}",
            "**committed answers lost**": f"{len(seen.lost):,}",
            "**kept answers bought again**": f"{len(seen.bought_again):,}",
            "executions without an intent": f"{sum(seen.unrecorded.values()):,}",
            "in doubt after one kill, at most": f"{seen.most_in_doubt:,}",
            "kills that left any in doubt": f"{seen.kills_with_doubt:,}",
            "bought twice, of those in doubt": (
                f"{self.executed - self.different:,} of {seen.all_in_doubt:,}"
            ),
            "promises broken": "; ".join(self.broken) or "none",
        }
        return "\n".join(["| what | |", "|---|---|", *(f"| {a} | {b} |" for a, b in lines.items())])


class KillLoop:
    """One journal, one server, and child after child."""

    def __init__(self, plan: Plan, folder: Path, server: Running, forge: Nursery) -> None:
        self.plan = plan
        self.folder = folder
        self.server = server
        self.forge = forge
        self.home = folder / "home"
        self.dice = random.Random(plan.seed)
        # what an interrupt stops, it lets land
        self.report = Report(Promises(0 if plan.interrupt else plan.in_flight))
        self.counts: Counter[str] = Counter()
        self.read_up_to = 0
        self.start_up = FIRST_START
        self.kept_before = 0  # by earlier jobs
        self.planted = False

    @property
    def journal(self) -> Path:
        return self.home / "journal.sqlite"

    def spec(self) -> Spec:
        options = {"schema": self.plan.schema} if self.plan.schema else {}
        name = f"job {self.report.jobs}"
        return Spec(
            self.server.url, self.plan.rows, name, self.plan.by, self.plan.in_flight, options
        )

    def run(self) -> Report:
        """Kill as often as planned, then let the last job finish."""
        while self.report.kills.total() < self.plan.kills and not self.report.broken:
            self._one_child()
        if not self.report.broken:
            self._finish(run_job(self.folder, self.home, self.spec(), self.forge))
        report = self.report
        report.executed, report.different = sum(self.counts.values()), len(self.counts)
        report.broken += report.promises.broken()
        twice = report.executed - report.different
        if twice > report.promises.all_in_doubt:
            report.broken.append(f"{twice} bought twice, though fewer were in doubt")
        return report

    def _one_child(self) -> None:
        """Start a child and kill it; one that ends before its moment has done its job."""
        plan, report = self.plan, self.report
        moment = draw(self.dice, 3 * plan.rows // plan.kills, self.start_up)
        began, before = time.monotonic(), self.server.executed()
        child = start_job(self.folder, self.home, self.spec(), self.forge)
        report.children += 1

        def executed() -> int:
            count = self.server.executed()
            if count > before and self.start_up == FIRST_START:
                self.start_up = time.monotonic() - began
            return count

        came = wait_for(
            moment,
            is_running=lambda: child.is_running,
            executed=executed,
            journal=self.journal,
        )
        if not came:
            self._finish(child.wait())
            return
        if plan.interrupt:
            child.interrupt()
            report.broken += wrongly_ended(child)
        else:
            child.kill()
            report.half_done += is_committing(self.journal)
        report.kills[moment.kind] += 1
        self._look(killed=True)
        fresh = len(report.promises.kept) - self.kept_before
        if plan.plant and not self.planted and fresh >= COUNT:
            PLANTS[plan.plant](self.journal, self.server.ledger)
            self.planted = True

    def _look(self, *, killed: bool) -> None:
        self.server.quiet()
        fresh = self.server.executions(self.read_up_to)
        self.read_up_to += len(fresh)
        self.counts.update(one.key for one in fresh)
        self.report.promises.look(read_calls(self.journal), self.counts, killed=killed)

    def _finish(self, told: dict[str, Any]) -> None:
        """Compare a finished job with one that nobody disturbed."""
        report, plan, spec = self.report, self.plan, self.spec()
        self._look(killed=False)
        if told["answers"] is None or told["raised"]:
            report.broken.append(f"{spec.name} ended with {told['raised'] or 'nothing'}")
            return
        with paying(self.folder / f"undisturbed-{report.jobs}", *CHEAP) as other:
            spec.url = other.url
            other_home = self.folder / f"home-{report.jobs}"
            expected = run_job(self.folder, other_home, spec, self.forge)
            sold = other.counts()
        if told["answers"] != expected["answers"] or told.get("dtypes") != expected.get("dtypes"):
            report.broken.append(f"the frame of {spec.name} is not that of an undisturbed run")
        if len(sold) != distinct(plan.rows) or sold.total() != len(sold):
            report.broken.append(f"undisturbed, {spec.name} bought {sold.total()} answers")
        if bad := {k: v for k, v in told["statuses"].items() if k != "ok"}:
            report.broken.append(f"{spec.name} ended with rows {bad}")
        if missing := set(sold) - set(self.counts):
            report.broken.append(f"{len(missing)} rows of {spec.name} were never bought")
        report.jobs += 1
        self.kept_before = len(report.promises.kept)


def wrongly_ended(child: Child) -> list[str]:
    """Tell what is wrong with how an interrupted child ended; early on it may say nothing."""
    if not child.out.exists():
        return []
    told = child.wait()
    if told["raised"] not in {"", "Stopped"}:
        return [f"an interrupt ended in {told['raised']}"]
    bad = set(told["statuses"]) - {"ok", "unsent"}
    return [f"an interrupt left rows {sorted(bad)}"] if bad else []


def run(plan: Plan, folder: Path, forge: Nursery | None = None) -> Report:
    """Run the loop with a server of its own, and a nursery of its own where none is given."""
    if forge is None:
        with nursery() as own:
            return run(plan, folder, own)
    options = ("--delay-ms", str(plan.delay_ms), "--seed", str(plan.seed), *CHEAP)
    with paying(folder / "server", *options) as server:
        return KillLoop(plan, folder, server, forge).run()


def run_several(plans: Sequence[Plan], folder: Path, at_once: int) -> list[Report]:
    """Run loops, some of them at once: each has a server and a journal of its own."""
    with nursery() as forge, ThreadPoolExecutor(at_once) as pool:
        folders = [folder / str(number) for number in range(len(plans))]
        return list(pool.map(lambda plan, own: run(plan, own, forge), plans, folders))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    usual = Plan()
    parser.add_argument("--rows", type=int, default=usual.rows)
    parser.add_argument("--in-flight", type=int, default=usual.in_flight)
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--by", choices=("map", "chat"), default=usual.by)
    parser.add_argument("--delay-ms", type=float, default=usual.delay_ms)
    parser.add_argument("--schema", default="", help="a short schema for the answers")
    parser.add_argument("--plant", choices=("", *PLANTS), default="", help="a defect to be found")
    parser.add_argument("--interrupt", action="store_true", help="interrupt instead of killing")
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="nbnebius-kill-loop-") as folder:
        report = run(plan, Path(folder))
    print(report.table(plan))
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
