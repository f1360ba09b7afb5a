"""
Fuzz every parser at length, guided by coverage.

``python -m tests.fuzz --minutes 10`` gives each target ten minutes, as many at once as there are
cores; names after it choose targets. It needs the extra ``fuzz``. What was found interesting is
kept in ``--keep`` and read again by the next run. An input that breaks a promise is kept there as
``NAME-crash-…``; put it into ``tests/fuzz/found/NAME`` once it is mended, and CI tries it for ever.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fault.counts import proven
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
_RUNS = re.compile(r"number_of_executed_units:\s*(\d+)")
_MEMORY = re.compile(r"peak_rss_mb:\s*(\d+)")


def fuzz(name: str, keep: Path, seconds: float) -> tuple[str, int, int, str]:
    """Fuzz one target; give its name, how many inputs it took, its memory, and what went wrong."""
    command = [sys.executable, "-m", "tests.fuzz.fuzzer", name, str(keep / name), f"{seconds:.0f}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    (keep / f"{name}.log").write_text(told)
    runs, memory = _RUNS.search(told), _MEMORY.search(told)
    wrong = "" if done.returncode == 0 else "\n".join(told.splitlines()[-25:])
    return name, int(runs[1]) if runs else 0, int(memory[1]) if memory else 0, wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "fuzz")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    keep = asked.keep.resolve()
    keep.mkdir(parents=True, exist_ok=True)
    names = asked.names or list(TARGETS)
    tried, most, broken = 0, 0, {}
    with ThreadPoolExecutor(asked.at_once) as pool:
        for name, runs, memory, wrong in pool.map(
            lambda name: fuzz(name, keep, 60 * asked.minutes), names
        ):
            tried, most = tried + runs, max(most, memory)
            if wrong:
                broken[name] = 1
            print(f"{name:16} {runs:>12,} inputs {memory:>6,} MB  {wrong or 'nothing found'}")
    proven(
        "R21",
        "coverage-guided inputs to every parser",
        tried=tried,
        broken={"anything but an error of this package": len(broken)},
        seen={"parsers": len(names), "most memory in MB": most},
    )


if __name__ == "__main__":
    main()
