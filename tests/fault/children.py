"""Children that do a job, each with its own journal or several with one."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tests.fault.paying import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault.job import Spec
    from tests.fault.nursery import Forked, Nursery

LONGEST = 600.0
_numbers = itertools.count()


@dataclass(slots=True)
class Child:
    """A running job: its process, where it will write what it got, and what it says."""

    process: subprocess.Popen[bytes] | Forked
    out: Path
    said: Path

    def wait(self) -> dict[str, Any]:
        """Wait for its end and give what it got."""
        self.process.wait(LONGEST)
        if not self.out.exists():
            raise RuntimeError(f"the job wrote nothing: {self.said.read_text()[-3000:]}")
        told: dict[str, Any] = json.loads(self.out.read_text())
        return told

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(LONGEST)

    def interrupt(self) -> None:
        """Interrupt it once, and wait for it to wind down."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LONGEST)


def start_job(
    folder: Path,
    home: Path,
    spec: Spec,
    nursery: Nursery | None = None,
    function: str = "tests.fault.job:main",
    *args: str,
) -> Child:
    """
    Start a job with its journal in `home`; its other files go to `folder`.

    Where there is a nursery, it is forked from that: ten times as fast. Another `function` gets
    `args` before the two files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = next(_numbers)
    asked, out = folder / f"spec-{number}.json", folder / f"out-{number}.json"
    asked.write_bytes(msgspec.json.encode(spec))
    said = folder / f"said-{number}.txt"
    if nursery is not None:
        files = str(asked), str(out)
        forked = nursery.start(function, *args, *files, said=said, NBNEBIUS_HOME=str(home))
        return Child(forked, out, said)
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.job", str(asked), str(out)],
            cwd=ROOT,
            env=environment(NBNEBIUS_HOME=str(home)),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    return Child(process, out, said)


def run_job(folder: Path, home: Path, spec: Spec, nursery: Nursery | None = None) -> dict[str, Any]:
    """Do a job to its end."""
    return start_job(folder, home, spec, nursery).wait()


def until(condition: Callable[[], bool], longest: float = 60.0) -> None:
    """Wait for something that will come."""
    end = time.monotonic() + longest
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come")
        time.sleep(0.002)
