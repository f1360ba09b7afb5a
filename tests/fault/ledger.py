"""
The paying server's own books: a line for all it executed, on disk before the answer leaves.

Lines have one width, so that the file's size tells how many there are.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Execution:
    """
    One thing that was executed, and so is billed.

    `at` is in seconds since 1970, when the request had arrived; `key` as in `paying_answers`.
    """

    at: float
    key: str
    prompt_tokens: int
    completion_tokens: int

    def line(self) -> bytes:
        told = f"{self.at:018.6f} {self.key:32} {self.prompt_tokens:9d} {self.completion_tokens:9d}"
        return told.encode() + b"\n"


WIDTH = len(Execution(0.0, "", 0, 0).line())


class Ledger:
    """
    Lines waiting for the next group, and the group that is being written.

    Whatever gathers while one group is flushed goes into the next: one fsync for many answers.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._waiting: list[bytes] = []
        self._written: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.counts: Counter[str] = Counter()

    def enter(self, executions: Sequence[Execution]) -> asyncio.Future[None]:
        """Enter executions; the future is done when they are on disk."""
        loop = asyncio.get_running_loop()
        if self._written is None:
            self._written = loop.create_future()
        self._waiting += [one.line() for one in executions]
        self.counts.update(one.key for one in executions)
        if self._task is None:
            self._task = loop.create_task(self._flush())
        return self._written

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._written is not None:
            lines, self._waiting = self._waiting, []
            written, self._written = self._written, None
            await loop.run_in_executor(None, self._write, b"".join(lines))
            written.set_result(None)
        self._task = None

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        os.fsync(self._file.fileno())


def count_lines(path: Path) -> int:
    """Count the executions that are on disk."""
    return path.stat().st_size // WIDTH


def read_ledger(path: Path, start: int = 0) -> list[Execution]:
    """Read the executions from line `start` on."""
    with path.open("rb") as file:
        file.seek(start * WIDTH)
        lines = file.read().decode().splitlines()
    parts = (line.split() for line in lines if len(line) == WIDTH - 1)
    return [Execution(float(at), key, int(into), int(out)) for at, key, into, out in parts]
