"""Work that waits, off the thread where the user is: one piece at a time, and it can be stopped."""

from __future__ import annotations

import contextvars
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Worker:
    """
    Runs functions that wait (a session's methods) on a thread of its own.

    A widget's callback must come back at once, on whatever thread the kernel calls it; so it hands
    its work over. Such work looks in with `check` about twenty times a second, which is how it
    hears that it is to stop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether a piece of work is running."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def begin(self, work: Callable[[], None], *, after: bool = False) -> bool:
        """
        Run `work` and come back at once.

        While another is running, nothing is run and False comes back; with `after`, it is run when
        the other has ended.
        """
        with self._lock:
            before = self._thread if self.busy else None
            if before is threading.current_thread():
                before = None
            if before is not None and not after:
                return False
            self._stopping.clear()

            def run() -> None:
                if before is not None:
                    before.join()
                work()

            # What the kernel notes of the cell that is answered goes with the work.
            context = contextvars.copy_context()
            self._thread = threading.Thread(
                target=context.run, args=(run,), name="nbnebius-panel", daemon=True
            )
            self._thread.start()
            return True

    def stop(self) -> None:
        """Have the running work stop at its next look."""
        self._stopping.set()

    def check(self) -> None:
        """
        Look whether the work is to stop; called from the work itself.

        Raises
        ------
        KeyboardInterrupt
            It is. A session takes it as it takes an interrupted cell: what had come is kept.
        """
        if self._stopping.is_set():
            self._stopping.clear()
            raise KeyboardInterrupt

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is running, at most `timeout` seconds; False where something is."""
        until = None if timeout is None else time.monotonic() + timeout
        while (thread := self._thread) is not None and thread.is_alive():
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
            if until is not None and time.monotonic() >= until:
                break
        return not self.busy
