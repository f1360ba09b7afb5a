"""A chat that is about to be asked, and what is kept of it when it is cut short."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbnebius.errors import Stopped, StreamError
from nbnebius.results import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from nbnebius.session.service import Service
    from nbnebius.types.answers import ChatResult
    from nbnebius.work.chat import Running
    from nbnebius.work.origin import Origin


def stopped(reply: Reply | None) -> Stopped:
    """Say that the user interrupted, and hand over what had come by then."""
    return Stopped(
        "You interrupted the request",
        why="what had come by then is kept" if reply else "nothing had come yet",
        hint="run the cell again to ask anew",
        reply=reply,
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """The work that asks, and the running answer it fills."""

    running: Running
    origin: Origin
    ask: Callable[[Service], Awaitable[ChatResult]]

    @contextmanager
    def keeping_partial(self) -> Iterator[None]:
        """
        Hand what had come to whoever must show it.

        Raises
        ------
        Stopped
            In place of a bare KeyboardInterrupt.
        StreamError
            With ``.reply``, where the stream broke off.
        """
        try:
            yield
        except KeyboardInterrupt:
            raise stopped(self._partial()) from None
        except StreamError as error:
            error.reply = self._partial()
            raise

    def _partial(self) -> Reply | None:
        partial = self.running.partial()
        return Reply(partial) if partial else None
