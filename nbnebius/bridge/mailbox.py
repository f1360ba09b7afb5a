"""What background work hands to the thread that waits for it."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from nbnebius.events import Progress, ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.events import Event

T = TypeVar("T")
Item: TypeAlias = "Callable[[], None] | Event | None"

GATHERED: Final = 0.05
"""Seconds for which pieces of a text gather before whoever paints them is woken."""


class Mailbox:
    """What the background work hands to the thread that waits for it."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Item] = queue.SimpleQueue()

    def __call__(self, event: Event) -> None:
        """Hand over an event; a mailbox is an `Observer`."""
        self._put(event)

    @classmethod
    def unread(cls) -> Unread:
        """Give one whose events nobody waits for, of work that goes on in the background."""
        return Unread()

    @classmethod
    def painted(cls) -> Painted:
        """Give one whose events are painted, so that not every piece of a text need wake anyone."""
        return Painted()

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

        self._put(run)
        return future

    def finish(self) -> None:
        """Tell the waiting thread that nothing more will come."""
        self._put(None)

    def take(self, seconds: float) -> Item:
        """Wait for the next thing; `queue.Empty` where none comes in time."""
        return self._queue.get(timeout=seconds)

    def _put(self, item: Item) -> None:
        self._queue.put(item)


class Painted(Mailbox):
    """
    The mailbox of work whose text is painted, some twenty times a second at most.

    The first piece of a text wakes whoever waits, and so does everything that is no piece. Pieces
    that follow within `GATHERED` seconds lie there until then: to wake a thread for each costs more
    than all else that is done for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._items: deque[Item] = deque()
        self._quiet_until = 0.0

    def _put(self, item: Item) -> None:
        with self._lock:
            self._items.append(item)
            now = time.monotonic()
            if isinstance(item, TextDelta | ReasoningDelta) and now < self._quiet_until:
                return
            self._quiet_until = now + GATHERED
        self._queue.put(None)  # a bell; what it rings for lies in `_items`

    def take(self, seconds: float) -> Item:
        """Wait for the next thing; `queue.Empty` where none comes in time."""
        until = time.monotonic() + seconds
        while True:
            with self._lock:
                if self._items:
                    return self._items.popleft()
                now = time.monotonic()
                # Until then a piece may come that rings no bell.
                wait = min(until, self._quiet_until if now < self._quiet_until else until) - now
            if wait <= 0:
                raise queue.Empty
            with contextlib.suppress(queue.Empty):
                self._queue.get(timeout=wait)


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
