"""
A child that asks by batch, with death before or after any of its steps.

``main`` of `tests.fault.fail_points`, for the steps of a batch: pauses are short, so that a life of
a day takes a moment.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import anyio

from nbnebius.client import doubt
from nbnebius.client.batches import Batches
from nbnebius.client.files import Files
from nbnebius.session.session import Session
from nbnebius.transport.sending import Transport
from nbnebius.work.map import batch, batch_harvest, batch_send
from nbnebius.work.map.batch_file import BatchRules
from tests.fault import fail_points, job

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS: dict[str, tuple[Any, str]] = {
    "beginning a job": (batch_send, "begin_job"),
    "claiming rows": (batch_send, "claim_rows"),
    "planning": (batch_send, "plan_job"),
    "looking for the batch": (batch_send, "find_batch"),
    "looking for the file": (batch_send, "find_file"),
    "uploading": (Files, "upload"),
    "turning the job": (batch_send, "turn_job"),
    "creating": (Batches, "create"),
    "giving up": (batch_send, "give_up_job"),
    "taking over": (batch, "take_job"),
    "looking": (Batches, "retrieve"),
    "downloading": (Files, "save"),
    "keeping lines": (batch_harvest, "keep_lines"),
    "putting away": (batch_harvest, "put_away"),
    "ending the job": (batch_harvest, "turn_job"),
}
RULES = BatchRules(first_pause=0.005, longest_pause=0.01, group=3, grace=2)
SHORTEST = 0.005


async def _sleep(seconds: float) -> None:
    await anyio.sleep(min(seconds, SHORTEST))


def _watch(owner: Any, name: str, step: str) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(original)
    async def around(*args: Any, **more: Any) -> Any:
        fail_points.reaper.at(f"before {step}")
        result = await original(*args, **more)
        fail_points.reaper.at(f"after {step}")
        return result

    setattr(owner, name, around)


def main(point: str, times: str, spec: str, out: str) -> None:
    """Ask by batch, and die at a step's n-th time; ``-`` lives."""
    fail_points.reaper = fail_points.Reaper(point, int(times))
    for step, (owner, name) in STEPS.items():
        _watch(owner, name, step)
    doubt.PAUSE = SHORTEST
    Session.batch_rules = RULES
    Transport.__init__.__kwdefaults__["sleep"] = _sleep
    batch.AGAIN = SHORTEST
    job.main(spec, out)
