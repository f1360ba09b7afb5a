"""Work that is finished although somebody cancels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import anyio

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
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result
