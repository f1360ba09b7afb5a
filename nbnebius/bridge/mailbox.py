"""What background work hands to the thread that waits for it."""

from __future__ import annotations

import queue
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from nbnebius.events import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.events import Event

T = TypeVar("T")


class Mailbox:
    """What the background work hands to the thread that waits for it."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | Event | None] = queue.SimpleQueue()

    def __call__(self, event: Event) -> None:
        """Hand over an event; a mailbox is an `Observer`."""
        self._queue.put(event)

    @classmethod
    def unread(cls) -> Unread:
        """Give one whose events nobody waits for, of work that goes on in the background."""
        return Unread()

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Have `function` called on the waiting thread; its result comes as a future."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
                if not isinstance(error, Exception):
                    raise

        self._queue.put(run)
        return future

    def finish(self) -> None:
        """Tell the waiting thread that nothing more will come."""
        self._queue.put(None)

    def take(self, seconds: float) -> Callable[[], None] | Event | None:
        """Wait for the next thing; `queue.Empty` where none comes in time."""
        return self._queue.get(timeout=seconds)


class Unread(Mailbox):
    """
    The mailbox of work that goes on in the background.

    Attributes
    ----------
    progress
        How far the work is, as it told last; None before it did.
    """

    def __init__(self) -> None:
        super().__init__()
        self.progress: Progress | None = None

    def __call__(self, event: Event) -> None:
        """Remember how far the work is; whoever wants to know more looks at the work itself."""
        if isinstance(event, Progress):
            self.progress = event
