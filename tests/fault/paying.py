"""A paying server as a process of its own, and what it says of itself."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fault.ledger import Execution, count_lines, read_ledger

ROOT = Path(__file__).parents[2]
LONGEST = 60.0
SURE = 3
"""Looks in a row that find nothing under way."""


def environment(**more: str) -> dict[str, str]:
    """Give a child's environment: this repository first, and no key or address of ours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NEBIUS_", "NBNEBIUS_"))}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@dataclass(slots=True)
class Running:
    """A paying server that accepts connections at `url`, with its books at `ledger`."""

    url: str
    ledger: Path
    process: subprocess.Popen[str]

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1/")

    def stats(self) -> dict[str, Any]:
        """Give its counters."""
        return _get(f"{self.root}/stats")

    def executed(self) -> int:
        """Count what it executed, from the file: cheap enough to watch."""
        return count_lines(self.ledger)

    def executions(self, start: int = 0) -> list[Execution]:
        """Read its books from a line on."""
        return read_ledger(self.ledger, start)

    def counts(self) -> Counter[str]:
        """Count the executions of every key."""
        return Counter(one.key for one in self.executions())

    def quiet(self) -> None:
        """Wait until nothing is under way, so that the books are complete."""
        end = time.monotonic() + LONGEST
        looks = 0
        while looks < SURE:
            # a request may still lie in a socket when the first look finds nothing
            looks = 0 if self.stats()["in_flight"] else looks + 1
            if time.monotonic() > end:
                raise TimeoutError("the paying server is still busy")
            time.sleep(0.005)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(LONGEST)
        if self.process.stdout is not None:
            self.process.stdout.close()


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=LONGEST) as answer:
        return json.load(answer)


def start_paying(folder: Path, *options: str, module: str = "tests.fault.paying_server") -> Running:
    """Start a server with its books in a folder; options as on its command line."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = folder / "ledger.txt"
    command = [sys.executable, "-m", module]
    if module == "tests.fault.paying_server":
        command += [str(ledger), *options]
    with (folder / "server-stderr.txt").open("w") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    if not url:
        process.wait(LONGEST)
        reason = (folder / "server-stderr.txt").read_text()
        raise RuntimeError(f"the paying server did not start: {reason}")
    return Running(url, ledger, process)


@contextlib.contextmanager
def paying(folder: Path, *options: str):
    """Give a server for the length of a block."""
    running = start_paying(folder, *options)
    try:
        yield running
    finally:
        running.stop()
