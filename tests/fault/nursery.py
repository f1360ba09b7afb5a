"""
Children that start in no time: forked from a process that has imported everything.

``python -m tests.fault.nursery`` reads a line of JSON for each child (its function as
``module:name``, its arguments, its environment, where its words go) and prints its process id. It
has no threads and no session of its own, so that a child is as one that was started afresh.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fault.paying import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APART = ("nbnebius.sandbox", "nbnebius.panels", "nbnebius.magics", "nbnebius.__main__")
OTHERS = (
    *("anyio._backends._asyncio", "anyio.from_thread", "httpx2", "httpcore2", "pandas", "numpy"),
    *("tests.fault.job", "tests.fault.fail_points", "tests.fault.batch_steps"),
)
SLICE = 0.001
LONGEST = 600.0


class Forked:
    """A child of a nursery, with the face of `subprocess.Popen` as far as tests need it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended = False

    def poll(self) -> int | None:
        """Give 0 once it has ended, however; None before."""
        if not self._ended:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self._ended = True
        return 0 if self._ended else None

    def wait(self, timeout: float = LONGEST) -> int:
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("a forked child", timeout)
            time.sleep(SLICE)
        return 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@dataclass(slots=True)
class Nursery:
    """The process that children are forked from; several threads may ask for them."""

    process: subprocess.Popen[str]
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self, function: str, *args: Any, said: Path, **more: str) -> Forked:
        """
        Start a child.

        Parameters
        ----------
        function
            What it calls, as ``module:name``.
        args
            Its arguments; what JSON can hold.
        said
            A file for what it prints.
        more
            Its environment, besides the nursery's.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"function": function, "args": args, "environment": more, "said": str(said)}
        with self._turn:
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            return Forked(int(self.process.stdout.readline()))

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(LONGEST)
        self.process.stdout.close()


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """Give a nursery for the length of a block; its children must have ended by then."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fault.nursery"],
        cwd=ROOT,
        # libraries of numbers must start no threads before the fork
        env=environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    running = Nursery(process)
    try:
        yield running
    finally:
        running.stop()


def _import_everything() -> None:
    import nbnebius

    for found in pkgutil.walk_packages(nbnebius.__path__, "nbnebius."):
        if not found.name.startswith(APART):
            importlib.import_module(found.name)
    for name in OTHERS:
        importlib.import_module(name)


def _become(asked: dict[str, Any]) -> None:
    """Be the child: nothing of the nursery's is left."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for mine, old in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(mine, old)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as it lives
    os.environ.update(asked["environment"])
    module, _, name = asked["function"].partition(":")
    getattr(importlib.import_module(module), name)(*asked["args"])


def main() -> None:
    _import_everything()
    gc.freeze()
    # Nobody waits for the children here: whoever asked for them looks whether they are alive.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked: dict[str, Any] | None = None
    while line := sys.stdin.readline():
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            break
        print(pid, flush=True)
        asked = None
    if asked is not None:
        _become(asked)


if __name__ == "__main__":
    main()
