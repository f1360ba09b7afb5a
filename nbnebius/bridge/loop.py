"""
The one background loop, and the only thread code there is.

A notebook's main thread already runs a loop, so our async work runs on a loop of its own, and the
main thread waits. While it waits it is pumped: events are shown, questions are asked and user
functions are called there, which is the only place where ``input()`` and a front end's display
work everywhere. An interrupt while waiting cancels the work.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import queue
import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.bridge.mailbox import Mailbox
from nbnebius.bridge.task import CLEAN_UP, Task
from nbnebius.errors import NebiusError
from nbnebius.events import Interlude

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._closed = False
        self._tasks: set[Task[Any]] = set()  # what was begun and has not ended

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
            self._begin(task)
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
        self._begin(task)
        return task

    def soon(self, function: Callable[[], object]) -> None:
        """Have `function` called on the loop; nothing happens where the loop has ended."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(function)

    def iterate(
        self, work: Callable[[], Awaitable[T]], mailbox: Mailbox
    ) -> Generator[Event, None, T]:
        """
        Run `work` and yield its events as they come; its result is the generator's value.

        Closing the generator, or an interrupt, cancels the work.
        """
        task = self._task(work, mailbox)
        try:
            self._begin(task)
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
        loop = self._open()
        self._refuse_own_thread()
        return Task(loop, work, box)

    def _begin(self, task: Task[Any]) -> None:
        # What is handed over while the loop is being ended would never be done, nor be refused.
        with self._lock:
            if self._closed:
                task.forget()
            self._refuse_closed()
            self._tasks.add(task)
            task.future.add_done_callback(lambda _: self._tasks.discard(task))
            task.start()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise NebiusError("The session is closed", hint="connect() opens a new one")

    def _refuse_own_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise NebiusError(
                "This function waits, and was called from the loop it would wait for",
                hint="inside async code use AsyncClient",
            )

    def _open(self) -> asyncio.AbstractEventLoop:
        if os.getpid() != self._pid:
            raise NebiusError(
                "This session was opened in another process",
                why="a forked process must not share its parent's connections",
                hint="call nbnebius.connect() in the child",
            )
        with self._lock:
            self._refuse_closed()
            if self._loop is None:
                running: Future[asyncio.AbstractEventLoop] = Future()
                self._thread = threading.Thread(
                    target=_serve, args=(running,), name="nbnebius", daemon=True
                )
                self._thread.start()
                self._loop = running.result()
                atexit.register(self.close)
            return self._loop

    def close(self, last: Callable[[], Awaitable[Any]] | None = None) -> None:
        """Run `last` (closing connections), cancel what is left and end the loop."""
        if os.getpid() != self._pid:
            return
        self._refuse_own_thread()
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop, self._closed = None, True
        if loop is None or thread is None:
            return
        atexit.unregister(self.close)
        ending = Task(loop, lambda: self._wind_up(last), Mailbox())
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            ending.start()
            while thread.is_alive() and not ending.future.done():
                wait([ending.future], timeout=SLICE)
            loop.call_soon_threadsafe(loop.stop)
        thread.join()

    async def _wind_up(self, last: Callable[[], Awaitable[Any]] | None) -> None:
        if last:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLEAN_UP):
                    await last()
        # What is in the middle of something that may not be cut in two is waited for.
        begun = [task for task in self._tasks if task.task is not None]
        for task in begun:
            task.cancel_here()
        if begun:
            await asyncio.wait([task.task for task in begun if task.task is not None])


def _serve(running: Future[asyncio.AbstractEventLoop]) -> None:
    """Run a loop until it is stopped; then what is left on it is cancelled, and waited for."""
    try:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            running.set_result(loop)
            loop.run_forever()
    except BaseException as error:
        if running.done():
            raise
        running.set_exception(error)
