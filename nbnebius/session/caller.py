"""Who calls: a plain function, or a magic in a cell that watches while it waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.events import Event
    from nbnebius.work.origin import Reuse


@dataclass(frozen=True, slots=True)
class Caller:
    """
    What the session must know of its caller.

    Attributes
    ----------
    place
        The cell, "" for a plain function call.
    reuse
        When a kept answer is shown instead of asking; None is the function's own rule.
    shared
        Whether later calls may be answered from this one.
    see
        Called with each event, on the calling thread.
    tick
        Called about twenty times a second while waiting, on the calling thread.
    """

    place: str = ""
    reuse: Reuse | None = None
    shared: bool = False
    see: Callable[[Event], None] | None = None
    tick: Callable[[], None] | None = None


FUNCTION = Caller()
