"""A loop of its own in a thread, for servers that a session's blocking calls are to ask."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

T = TypeVar("T")


class Loop:
    """A running loop: `run` waits for a coroutine on it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()


async def _enter(context: Any) -> Any:
    return await context.__aenter__()


async def _leave(context: Any) -> None:
    await context.__aexit__(None, None, None)
    # what was cut off ends with the server
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextlib.contextmanager
def in_thread(*contexts: Any) -> Iterator[Loop]:
    """Keep async contexts entered, in a thread's loop, for the length of a block."""
    loop = Loop()
    entered = []
    try:
        for context in contexts:
            loop.run(_enter(context))
            entered.append(context)
        yield loop
    finally:
        for context in reversed(entered):
            loop.run(_leave(context))
        loop.close()
