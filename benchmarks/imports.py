"""
How long loading takes, against what it stands beside.

Each measurement is a fresh process; the contenders take turns, and medians are printed. The claim
is about ratios in one run, on one machine: a lone time says little.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

HEAVY = ("pandas", "numpy", "matplotlib", "ipywidgets", "httpx2", "anyio", "msgspec", "PIL", "nh3")

# What runs in a process that already is a kernel: IPython and ipykernel are imported before.
PRELUDE = """
import sys, time, warnings
warnings.simplefilter("ignore")
import ipykernel.kernelapp
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
started = time.perf_counter()
"""
MEASURE = """
print((time.perf_counter() - started) * 1000)
"""
CONTENDERS = {
    "%load_ext nbnebius": "shell.run_line_magic('load_ext', 'nbnebius')",
    "import pandas": "import pandas",
    "%load_ext jupyter_ai_magics": "shell.run_line_magic('load_ext', 'jupyter_ai_magics')",
    "import openai": "import openai",
}


def measure(code: str) -> float | None:
    """Run `code` in a fresh kernel-like process; milliseconds, or None where it cannot run."""
    process = subprocess.run(
        [sys.executable, "-c", PRELUDE + code + MEASURE],
        capture_output=True,
        text=True,
        check=False,
    )
    return float(process.stdout.split()[-1]) if process.returncode == 0 else None


def heavy_modules() -> list[str]:
    """Name the heavy modules that loading the extension brings into a kernel."""
    code = (
        "before = set(sys.modules); shell.run_line_magic('load_ext', 'nbnebius')\n"
        f"print(' '.join(m for m in {HEAVY!r} if m in set(sys.modules) - before) or '-')\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, check=True
    )
    found = process.stdout.split()
    return [] if found == ["-"] else found


def run(rounds: int) -> None:
    """Print the table."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, code in CONTENDERS.items():
            spent = measure(code)
            if spent is not None:
                times[name].append(spent)
    ours = statistics.median(times["%load_ext nbnebius"])
    print(f"Loading, in a process that is a kernel already; medians of {rounds} rounds\n")
    print("| what | ms | nbnebius is this part of it |")
    print("|---|---|---|")
    for name, spent in times.items():
        if not spent:
            print(f"| {name} | not installed | |")
            continue
        median = statistics.median(spent)
        print(f"| {name} | {median:.1f} | 1/{median / ours:.0f} |")
    print(f"\nheavy modules after %load_ext nbnebius: {heavy_modules() or 'none'}")


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
