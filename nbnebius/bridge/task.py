"""Work on the background loop, as another thread holds it."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Generic, TypeVar

from nbnebius.errors import NebiusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio import CancelScope

    from nbnebius.bridge.mailbox import Mailbox

T = TypeVar("T")

CLEAN_UP = 5.0  # seconds that cancelled work has to write down what it holds


class Task(Generic[T]):
    """
    Work on the loop, as the waiting thread holds it: it can be cancelled at any moment.

    Attributes
    ----------
    future
        What resolves when the work has ended.
    task
        The loop's side of it; None before it has begun.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[T]], box: Mailbox
    ) -> None:
        self.future: Future[T] = Future()
        self._loop = loop
        self._work = work
        self._box = box
        self._scope: CancelScope | None = None
        self._is_cancelled = False
        self.task: asyncio.Task[T] | None = None

    def start(self) -> None:
        """Hand the work to the loop."""
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self.task = self._loop.create_task(self._guarded())
        self.task.add_done_callback(self._end)

    async def _guarded(self) -> T:
        from anyio import CancelScope

        try:
            # In such a scope a cancellation is delivered until it is heard, and what is shielded
            # is left alone; `asyncio.Task.cancel` does neither.
            with CancelScope() as self._scope:
                if not self._is_cancelled:
                    return await self._work()
        except (SystemExit, KeyboardInterrupt) as error:
            # Either would end the loop for every later call.
            raise NebiusError(f"{type(error).__name__} was raised inside background work") from None
        raise asyncio.CancelledError

    def _end(self, task: asyncio.Task[T]) -> None:
        if task.cancelled():
            self.future.cancel()
        error = None if task.cancelled() else task.exception()
        # Nobody minds a result that comes after whoever waited for it cancelled the future.
        if self.future.set_running_or_notify_cancel():
            if error is None:
                self.future.set_result(task.result())
            else:
                self.future.set_exception(error)
        self._box.finish()

    def forget(self) -> None:
        """Tell whoever waits that this is never begun."""
        self._box.finish()

    def cancel(self) -> None:
        """Stop the work; it has time to clean up."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the work with it
            self._loop.call_soon_threadsafe(self.cancel_here)

    def cancel_here(self) -> None:
        """Stop the work, from the loop itself."""
        self._is_cancelled = True
        if self._scope is not None:
            self._scope.cancel()

    def result(self) -> T:
        """Give the result of work that has ended."""
        try:
            return self.future.result(timeout=CLEAN_UP)
        except CancelledError:
            raise NebiusError("The work was cancelled") from None
        except NebiusError as error:
            # Where it was raised on the loop helps nobody who reads three lines; and IPython draws
            # an error that has an exception group behind it by itself, at length.
            error.__cause__ = error.__context__ = None
            raise error.with_traceback(None)  # noqa: B904 - it is the same error
