"""
A child that calls from wherever a user may: loops that run, threads, forked and spawned processes.

``main CELL SIZE URL OUT`` writes the questions whose answers came, by the process that asked.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import nbnebius as neb

if TYPE_CHECKING:
    from collections.abc import Callable


class Caller:
    """What one cell asks, and hears."""

    def __init__(self, url: str, out: str) -> None:
        self.url = url
        self.out = Path(out)
        self._lock = threading.Lock()

    def ask(self, question: str) -> None:
        """Ask, and write down that an answer came."""
        text = neb.chat(question, max_tokens=40).text
        self.write({"question": question, "process": os.getpid(), "answered": bool(text)})

    def write(self, told: dict[str, object]) -> None:
        with self._lock, self.out.open("a") as file:
            file.write(json.dumps(told) + "\n")

    def refused(self, question: str) -> None:
        """Ask where it must be refused, in words."""
        try:
            self.ask(question)
        except neb.NebiusError as error:
            clear = bool(error.why and error.hint)
            self.write({"question": question, "process": os.getpid(), "refused": clear})


def no_loop(caller: Caller, size: int) -> None:
    for number in range(size):
        caller.ask(f"plain {number}")


def in_a_loop(caller: Caller, size: int) -> None:
    async def cell() -> None:
        for number in range(size):
            caller.ask(f"in a loop {number}")
            await asyncio.sleep(0)

    asyncio.Runner().run(cell())


def several_loops(caller: Caller, size: int) -> None:
    for number in range(size):
        asyncio.Runner().run(asyncio.to_thread(caller.ask, f"loop {number}"))


def loops_in_threads(caller: Caller, size: int) -> None:
    async def cell(number: int) -> None:
        caller.ask(f"loop of a thread {number}")

    with ThreadPoolExecutor(size) as pool:
        list(pool.map(lambda n: asyncio.Runner().run(cell(n)), range(size)))


def threads(caller: Caller, size: int) -> None:
    with ThreadPoolExecutor(size) as pool:
        list(pool.map(caller.ask, [f"thread {number}" for number in range(size)]))


def new_sessions(caller: Caller, size: int) -> None:
    for number in range(size):
        neb.connect("x", caller.url)
        caller.ask(f"session {number}")


def _in_a_child(caller: Caller, number: int, *, connects: bool) -> None:
    pid = os.fork()
    if pid:
        assert os.waitpid(pid, 0)[1] == 0
        return
    code = 1
    try:
        caller.refused(f"forked {number}")
        if connects:
            neb.connect("x", caller.url)
            caller.ask(f"forked and connected {number}")
            neb.session.close_default()
        code = 0
    finally:
        os._exit(code)


def forked(caller: Caller, size: int) -> None:
    """Fork after the first call: the child is refused, and the parent goes on."""
    for number in range(size):
        caller.ask(f"before the fork {number}")
        _in_a_child(caller, number, connects=number % 2 == 0)
        caller.ask(f"after the fork {number}")


def _spawned(url: str, out: str, question: str) -> None:
    neb.connect("x", url)
    Caller(url, out).ask(question)


def spawned(caller: Caller, size: int) -> None:
    caller.ask("before")
    context = multiprocessing.get_context("spawn")
    children = [
        context.Process(target=_spawned, args=(caller.url, str(caller.out), f"spawned {number}"))
        for number in range(min(2, size))
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    caller.ask("after")


CELLS: dict[str, Callable[[Caller, int], None]] = {
    "no loop": no_loop,
    "inside a running loop": in_a_loop,
    "several loops, one after the other": several_loops,
    "a loop in each of several threads": loops_in_threads,
    "threads": threads,
    "new sessions": new_sessions,
    "forked after a call": forked,
    "spawned": spawned,
}


def main(cell: str, size: str, url: str, out: str) -> None:
    neb.connect("x", url)
    CELLS[cell](Caller(url, out), int(size))
    neb.session.close_default()
    Path(f"{out}.done").touch()
