"""Work that is finished although somebody cancels."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


async def finish(work: Awaitable[T]) -> T:
    """
    Wait for some work to its end; a cancellation that comes meanwhile is delivered afterwards.

    A shielded scope of anyio holds off its own scopes only, not ``task.cancel()`` as
    ``asyncio.timeout`` and a kernel's interrupt use it; so the work is a task of its own, or a
    future that somebody else resolves.
    """
    task = asyncio.ensure_future(work)
    try:
        await _end_of(task)
    except asyncio.CancelledError:
        import anyio

        with anyio.CancelScope(shield=True):
            while not task.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await _end_of(task)
        task.result()  # what went wrong meanwhile says more than that somebody cancelled
        raise
    return task.result()


def hear(done: asyncio.Future[Any]) -> None:
    """Take note of an error that somebody else meets as well; for ``add_done_callback``."""
    if not done.cancelled():
        done.exception()


async def _end_of(task: asyncio.Future[T]) -> None:
    """Wait for a task, and leave it alone when the wait is cancelled."""
    if task.done():
        return
    waiter = task.get_loop().create_future()

    def wake(_: asyncio.Future[T]) -> None:
        if not waiter.done():
            waiter.set_result(None)

    task.add_done_callback(wake)
    try:
        await waiter
    finally:
        task.remove_done_callback(wake)
