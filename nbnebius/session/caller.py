"""Who calls: a plain function, or a magic in a cell that watches while it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.types.record import Record
from nbnebius.work.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.events import Asker, Event
    from nbnebius.work.origin import Reuse


class Caller(Record, frozen=True):
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
    lasting
        Whether the place is named by the front end, so that it is the same cell in every run.
    tick
        Called about twenty times a second while waiting, on the calling thread.
    asker
        Whom to ask before something that is not cheap; the session's own if left out.
    """

    place: str = ""
    reuse: Reuse | None = None
    shared: bool = False
    see: Callable[[Event], None] | None = None
    tick: Callable[[], None] | None = None
    lasting: bool = False
    asker: Asker | None = None

    def origin(self, service: str, *, cache: bool, private: bool) -> Origin:
        """
        Say who asks `service`, and what may be shown instead of asking.

        What is private is neither kept nor answered from what is kept.
        """
        if private:
            return Origin(service, self.place, private=True)
        if self.reuse is not None:
            return Origin(service, self.place, reuse=self.reuse, shared=True)
        reuse: Reuse = "always" if cache else "never"
        return Origin(service, self.place, reuse=reuse, shared=cache or self.shared)


FUNCTION = Caller()
