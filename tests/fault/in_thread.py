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

    @contextlib.contextmanager
    def entered(self, context: T) -> Iterator[T]:
        """Keep an async context entered, for the length of a block."""
        self.run(_enter(context))
        try:
            yield context
        finally:
            self.run(_leave(context))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()


async def _enter(context: Any) -> Any:
    return await context.__aenter__()


async def _leave(context: Any) -> None:
    await context.__aexit__(None, None, None)


@contextlib.contextmanager
def in_thread(*contexts: Any) -> Iterator[Loop]:
    """Keep async contexts entered, in a thread's loop, for the length of a block."""
    loop = Loop()
    try:
        with contextlib.ExitStack() as stack:
            for context in contexts:
                stack.enter_context(loop.entered(context))
            yield loop
    finally:
        loop.close()
