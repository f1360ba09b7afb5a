"""Work on the background loop, as another thread holds it."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Generic, TypeVar

from nbnebius.errors import NebiusError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio import CancelScope
    from anyio.from_thread import BlockingPortal

    from nbnebius.bridge.mailbox import Mailbox

T = TypeVar("T")

CLEAN_UP = 5.0  # seconds that cancelled work has to write down what it holds


class Task(Generic[T]):
    """Work on the loop, as the waiting thread holds it: it can be cancelled at any moment."""

    def __init__(
        self, portal: BlockingPortal, work: Callable[[], Awaitable[T]], box: Mailbox
    ) -> None:
        self._portal = portal
        self._work = work
        self._box = box
        self._cancelled = threading.Event()
        self._scope: CancelScope | None = None
        self._future: Future[T] | None = None

    def start(self) -> None:
        """Hand the work to the loop."""
        self._future = self._portal.start_task_soon(self._guarded)

    async def _guarded(self) -> T:
        from anyio import CancelScope

        try:
            with CancelScope() as self._scope:
                # An interrupt may come while the work is being handed over.
                if not self._cancelled.is_set():
                    return await self._work()
            raise NebiusError("The work was cancelled")
        except (SystemExit, KeyboardInterrupt) as error:
            # Either would end the loop for every later call.
            raise NebiusError(f"{type(error).__name__} was raised inside background work") from None
        finally:
            self._box.finish()

    def cancel(self) -> None:
        """Stop the work; it has time to clean up."""
        self._cancelled.set()
        if self._scope is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and the work with it
                self._portal.start_task_soon(self._scope.cancel)

    @property
    def future(self) -> Future[T]:
        """What resolves when the work has ended."""
        assert self._future is not None, "started before it is waited for"
        return self._future

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
