"""Work on the background loop, as another thread holds it."""

from __future__ import annotations

import contextlib
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Generic, TypeVar

from nbnebius.errors import NebiusError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

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
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[T]], box: Mailbox
    ) -> None:
        self.future: Future[T] = Future()
        self._loop = loop
        self._work = work
        self._box = box
        self._task: asyncio.Task[T] | None = None

    def start(self) -> None:
        """Hand the work to the loop."""
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._guarded())
        self._task.add_done_callback(self._end)

    async def _guarded(self) -> T:
        try:
            return await self._work()
        except (SystemExit, KeyboardInterrupt) as error:
            # Either would end the loop for every later call.
            raise NebiusError(f"{type(error).__name__} was raised inside background work") from None

    def _end(self, task: asyncio.Task[T]) -> None:
        error = NebiusError("The work was cancelled") if task.cancelled() else task.exception()
        # Nobody minds a result that comes after whoever waited for it cancelled the future.
        if self.future.set_running_or_notify_cancel():
            if error is None:
                self.future.set_result(task.result())
            else:
                self.future.set_exception(error)
        self._box.finish()

    def cancel(self) -> None:
        """Stop the work; it has time to clean up."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the work with it
            # What begins the work is queued on the loop before this.
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

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
