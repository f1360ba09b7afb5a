"""
The one background loop, and the only thread code there is.

A notebook's main thread already runs a loop, so our async work runs on a loop of its own, and the
main thread waits. While it waits it is pumped: events are shown, questions are asked and user
functions are called there, which is the only place where ``input()`` and a front end's display
work everywhere. An interrupt while waiting cancels the work.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.bridge.mailbox import Mailbox
from nbnebius.bridge.task import CLEAN_UP, Task
from nbnebius.errors import NebiusError
from nbnebius.events import Interlude

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from anyio.from_thread import BlockingPortal

    from nbnebius.events import Event

T = TypeVar("T")

STEP = 0.05  # seconds between looks where somebody watches
SLICE = 0.25  # seconds between looks at interrupts, where a lock wait cannot be interrupted


class Bridge:
    """
    Runs async work on one background loop and waits for it.

    The loop starts at the first call and ends with `close`, at exit, or when the process forks
    (a child must not use its parent's sockets; it raises instead).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._portal: BlockingPortal | None = None
        self._exit: contextlib.ExitStack | None = None
        self._pid = os.getpid()
        self._thread: int | None = None
        self._closed = False

    def run(
        self,
        work: Callable[[], Awaitable[T]],
        *,
        mailbox: Mailbox | None = None,
        see: Callable[[Event], None] | None = None,
        tick: Callable[[], None] | None = None,
        on_interrupt: Callable[[], bool] | None = None,
    ) -> T:
        """
        Run `work` to its end and give its result, on this thread.

        Parameters
        ----------
        work
            An async function without arguments.
        mailbox
            Where the work puts events and calls for this thread.
        see
            Called with each event, on this thread.
        tick
            Called about twenty times a second while waiting, on this thread.
        on_interrupt
            Called at the first interrupt, on this thread. True: the work winds itself down, and is
            waited for; a second interrupt cancels it.

        Raises
        ------
        KeyboardInterrupt
            The wait was interrupted; the work was cancelled first, and had time to clean up.
        """
        box = mailbox or Mailbox()
        task = self._task(work, box)
        step = STEP if tick or on_interrupt else SLICE
        try:
            task.start()
            try:
                self._pump(box, see, tick, None, step)
            except KeyboardInterrupt:
                if on_interrupt is None or not on_interrupt():
                    raise
                self._pump(box, see, tick, None, step)
        except BaseException:
            task.cancel()
            self._wait_for_end(box, see)
            raise
        if tick:
            tick()
        return task.result()

    def start(self, work: Callable[[], Awaitable[T]], mailbox: Mailbox) -> Task[T]:
        """Hand `work` to the loop and come back at once; what comes back waits or cancels."""
        task = self._task(work, mailbox)
        task.start()
        return task

    def soon(self, function: Callable[[], object]) -> None:
        """Have `function` called on the loop; nothing happens where the loop has ended."""
        portal = self._portal
        if portal is not None:
            with contextlib.suppress(RuntimeError):
                portal.start_task_soon(_called(function))

    def iterate(
        self, work: Callable[[], Awaitable[T]], mailbox: Mailbox
    ) -> Generator[Event, None, T]:
        """
        Run `work` and yield its events as they come; its result is the generator's value.

        Closing the generator, or an interrupt, cancels the work.
        """
        task = self._task(work, mailbox)
        try:
            task.start()
            while True:
                try:
                    item = mailbox.take(SLICE)
                except queue.Empty:
                    continue
                if item is None:
                    break
                if callable(item):
                    item()
                else:
                    yield item
        except BaseException:
            task.cancel()
            self._wait_for_end(mailbox, None)
            raise
        return task.result()

    def _pump(
        self,
        box: Mailbox,
        see: Callable[[Event], None] | None,
        tick: Callable[[], None] | None,
        limit: float | None,
        step: float = SLICE,
    ) -> None:
        waited = 0.0
        while limit is None or waited < limit:
            try:
                item = box.take(step)
            except queue.Empty:
                waited += step
            else:
                if item is None:
                    return
                if callable(item):
                    item()
                elif see:
                    see(item)
                if isinstance(item, Interlude):
                    continue  # what is called next writes where a line of waiting would stand
            if tick:
                tick()

    def _wait_for_end(self, box: Mailbox, see: Callable[[Event], None] | None) -> None:
        # A second interrupt ends this wait, not the clean-up itself, which goes on behind.
        with contextlib.suppress(KeyboardInterrupt):
            self._pump(box, see, None, CLEAN_UP)

    def _task(self, work: Callable[[], Awaitable[T]], box: Mailbox) -> Task[T]:
        portal = self._open()
        self._refuse_own_thread()
        return Task(portal, work, box)

    def _refuse_own_thread(self) -> None:
        if threading.get_ident() == self._thread:
            raise NebiusError(
                "This function waits, and was called from the loop it would wait for",
                hint="inside async code use AsyncClient",
            )

    def _open(self) -> BlockingPortal:
        if os.getpid() != self._pid:
            raise NebiusError(
                "This session was opened in another process",
                why="a forked process must not share its parent's connections",
                hint="call nbnebius.connect() in the child",
            )
        with self._lock:
            if self._closed:
                raise NebiusError("The session is closed", hint="connect() opens a new one")
            if self._portal is None:
                from anyio.from_thread import start_blocking_portal

                stack = contextlib.ExitStack()
                self._portal = stack.enter_context(
                    start_blocking_portal("asyncio", name="nbnebius")
                )
                self._thread = self._portal.call(threading.get_ident)
                self._exit = stack
                atexit.register(self.close)
            return self._portal

    def close(self, last: Callable[[], Awaitable[Any]] | None = None) -> None:
        """Run `last` (closing connections), cancel what is left and end the loop."""
        if os.getpid() != self._pid:
            return
        self._refuse_own_thread()
        with self._lock:
            portal, stack = self._portal, self._exit
            self._portal, self._exit, self._closed = None, None, True
        if portal is None or stack is None:
            return
        atexit.unregister(self.close)
        if last:
            with contextlib.suppress(Exception):
                portal.start_task_soon(last).result(timeout=CLEAN_UP)
        with contextlib.suppress(Exception):
            portal.start_task_soon(portal.stop, True)  # noqa: FBT003 - anyio's own signature
            stack.close()


def _called(function: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    async def call() -> None:
        function()

    return call
