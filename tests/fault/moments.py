"""
When a child is killed: while it starts, while it sends, or in the middle of a commit.

Drawn from a seed; what the moment hits depends on the machine, so each kind says what it waits for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

Kind: TypeAlias = Literal["starting", "sending", "committing"]
SLICE = 0.001
FINEST = 0.0001
"""Seconds between two looks, and between two for a commit, which is short."""

MARK = bytes.fromhex("d9d505f920a163d7")
"""What SQLite's own file of what to undo begins with while a commit is under way."""


@dataclass(frozen=True, slots=True)
class Moment:
    """
    One moment.

    Parameters
    ----------
    kind
        ``starting``: some seconds after the start, whatever has happened. ``sending``: after some
        more executions. ``committing``: likewise, and then as soon as a commit is under way.
    executions, seconds
        How many executions to wait for; how long after that (or after the start) to strike.
    """

    kind: Kind
    executions: int
    seconds: float


def draw(dice: random.Random, most_executions: int, start_up: float) -> Moment:
    """
    Draw a moment.

    Parameters
    ----------
    most_executions
        The child goes on for at most so many more.
    start_up
        How long a child takes to its first request, in seconds.
    """
    kind: Kind = dice.choices(("starting", "sending", "committing"), (2, 5, 5))[0]
    if kind == "starting":
        return Moment(kind, 0, dice.uniform(0, 1.2 * start_up))
    seconds = dice.uniform(0, 0.05) if kind == "sending" else 0.0
    return Moment(kind, dice.randint(1, max(1, most_executions)), seconds)


def is_committing(journal: Path) -> bool:
    """Tell whether a commit is under way, or was when its process died."""
    try:
        with journal.with_name(f"{journal.name}-journal").open("rb") as file:
            return file.read(len(MARK)) == MARK
    except FileNotFoundError:
        return False


def wait_for(
    moment: Moment,
    *,
    is_running: Callable[[], bool],
    executed: Callable[[], int],
    journal: Path,
) -> bool:
    """Wait for a moment; tell whether the child was still running when it came."""
    first = executed()
    while moment.executions and executed() - first < moment.executions:
        if not is_running():
            return False
        time.sleep(SLICE)
    if moment.kind == "committing":
        while not is_committing(journal):
            if not is_running():
                return False
            time.sleep(FINEST)
    until = time.monotonic() + moment.seconds
    while (left := until - time.monotonic()) > 0:
        if not is_running():
            return False
        time.sleep(min(left, SLICE))
    return is_running()
