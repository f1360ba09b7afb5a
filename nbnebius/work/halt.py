"""A wish to stop that comes from another thread: send no more, and let what is paid for land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio import CancelScope

LANDING = 60.0  # seconds that requests in flight have to land
LOOK = 0.1  # seconds between looks
STOPPING = "stopping: what is on its way is paid for; interrupt again not to wait for it"


class Halt:
    """
    Asked once, it stays asked.

    It is asked on the thread that waits (a first interrupt) and read on the loop; a lone boolean
    needs no lock.
    """

    def __init__(self) -> None:
        self.asked = False

    def ask(self) -> bool:
        """Ask for the end. True: whoever asks keeps waiting, the work winds itself down."""
        self.asked = True
        return True

    async def limit(self, scope: CancelScope, tell: Callable[[], None]) -> None:
        """Wait until it is asked, `tell`, and leave the work in `scope` a minute to land."""
        while not self.asked:  # noqa: ASYNC110 - an event cannot be set from another thread
            await anyio.sleep(LOOK)
        tell()
        scope.deadline = anyio.current_time() + LANDING
