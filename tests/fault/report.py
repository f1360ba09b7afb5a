"""
RELIABILITY.md, from what the proofs counted.

``python -m tests.fault.report small`` (or ``full``) runs every proof, keeps what they counted in
``tests/fault/counted`` and writes the page; without a word it writes the page alone.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from shutil import copy2, rmtree
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COUNTED = HERE / "counted"
PAGE = ROOT / "RELIABILITY.md"
ABOUT = "about.json"
SIZES = {"small": "in CI", "full": "for a release"}
PLANTED = "planted"

WHAT = """\
Every promise about money, answers and safety, with how often it was put to the test and how often
it was broken. Nothing here is written by hand: the figures are what the proofs counted, and each
can be run alone (`pytest TEST`). All of them, and this page: `python -m tests.fault.report small`,
or `full` for the sizes of a release."""

COMMITTED = """\
A committed answer is one whose commit has returned. It is never lost and never bought again. A
request that was on its way when a process died may have been paid for without an answer: it is
listed as *possibly paid*, with the most it can have cost, and there are never more of them than
were in flight. No client can do better while the service has no idempotency keys."""

Proof = dict[str, Any]


def promises() -> dict[str, dict[str, Any]]:
    """Give every row: what is promised, how far it is tried, and why not where it is not."""
    return tomllib.loads((HERE / "rows.toml").read_text())


def proofs(size: str) -> list[Proof]:
    """Give what was counted at one size."""
    files = sorted((COUNTED / size).glob("*.json"))
    return [json.loads(file.read_text()) for file in files if file.name != ABOUT]


def about(size: str) -> Proof:
    """Tell when and with what a size was counted; empty where it was not."""
    path = COUNTED / size / ABOUT
    return json.loads(path.read_text()) if path.exists() else {}


def made_with() -> Proof:
    """Tell when and with what a proof runs now."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "nbnebius": metadata.version("nbnebius"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def told(counts: dict[str, int]) -> str:
    """Write counts in words."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def table(rows: dict[str, dict[str, Any]], found: list[Proof]) -> list[str]:
    """Write the proofs of some rows as a table."""
    lines = [
        "| | promise | tried | broken | also counted | proof, seed |",
        "|---|---|---|---|---|---|",
    ]
    for row, promise in rows.items():
        own = [one for one in found if one["row"] == row]
        if not own:
            reason = promise.get("not_run", "not run at this size")
            lines.append(f"| {row} | {promise['promise']} | - | - | {reason} | - |")
        for place, one in enumerate(own):
            name, words = (row, promise["promise"]) if place == 0 else ("", "")
            seed = "" if one["seed"] is None else f", {one['seed']}"
            lines.append(
                f"| {name} | {words + ': ' if words else ''}*{one['what']}* | {one['tried']:,}"
                f" | {told(one['broken'])} | {told(one['seen'])} | `{one['test']}`{seed} |"
            )
    return lines


def page() -> str:
    """Write the page."""
    lines = [
        "# What was tried, and what broke",
        "",
        WHAT,
        "",
        COMMITTED,
        "",
    ]
    rows = promises()
    faults, attacks = (
        {row: told for row, told in rows.items() if row.startswith(kind)} for kind in "RA"
    )
    limits = {row: told["limits"] for row, told in rows.items() if "limits" in told}
    lines += ["## How far it goes", ""]
    lines += [f"- {row}: {'; '.join(those)}." for row, those in limits.items()]
    lines += [""]
    for size, where in SIZES.items():
        found, facts = proofs(size), about(size)
        if not found:
            continue
        made = ", ".join(f"{name} {value}" for name, value in facts.items() if name != "date")
        lines += [f"## The {size} sizes, {where}", "", f"{facts.get('date', '')}: {made}.", ""]
        lines += ["### Faults", "", *table(faults, found), ""]
        lines += ["### Attacks", "", *table(attacks, found), ""]
        planted = [one for one in found if one["row"] == PLANTED]
        if planted:
            caught = sum(not one["broken"]["missed"] for one in planted)
            lines += [
                "### Defects planted on purpose",
                "",
                (
                    f"{caught} of {len(planted)} were caught by the test that is there to see them"
                    " (`python -m tests.fault.planted`):"
                    f" {'; '.join(sorted(one['what'] for one in planted))}."
                ),
                "",
            ]
    return "\n".join(lines)


def files() -> list[str]:
    """Give the files of tests that count."""
    tests = sorted(HERE.parent.rglob("test_*.py"))
    return [str(file) for file in tests if "proven(" in file.read_text()]


def run(size: str) -> int:
    """Run every proof at one size, and keep what they counted where all of them held."""
    with tempfile.TemporaryDirectory(prefix="nbnebius-counts-") as folder:
        environment = {**os.environ, "NBN_COUNTS": folder, "NBN_FAULT_SIZE": size}
        command = (sys.executable, "-m", "pytest", "-q", "-n", "3", *files())
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if code == 0:
            keep(size, Path(folder))
    return code


def keep(size: str, folder: Path) -> None:
    """Keep what was counted at one size."""
    rmtree(COUNTED / size, ignore_errors=True)
    (COUNTED / size).mkdir(parents=True)
    for file in sorted(folder.glob("*.json")):
        copy2(file, COUNTED / size / file.name)
    (COUNTED / size / ABOUT).write_text(json.dumps(made_with(), indent=1) + "\n")


def main() -> int:
    code = run(sys.argv[1]) if len(sys.argv) > 1 else 0
    PAGE.write_text(page())
    return code


if __name__ == "__main__":
    sys.exit(main())
