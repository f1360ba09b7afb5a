"""A chat that is about to be asked, and what is kept of it when it is cut short."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbnebius.errors import AnswerError, Stopped, StreamError, ToolRoundsError
from nbnebius.results import Reply
from nbnebius.types.record import Record
from nbnebius.work.ask import Answered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from nbnebius.session.service import Service
    from nbnebius.work.ask import Running
    from nbnebius.work.next_turn import NextTurn
    from nbnebius.work.origin import Origin
    from nbnebius.work.schema import Schema
    from nbnebius.work.thread import Placed


def stopped(reply: Reply | None) -> Stopped:
    """Say that the user interrupted, and hand over what had come by then."""
    return Stopped(
        "You interrupted the request",
        why="what had come by then is kept" if reply else "nothing had come yet",
        hint="run the cell again to ask anew",
        reply=reply,
    )


class Asking(Record, frozen=True):
    """The work that asks, and the running answer it fills."""

    running: Running
    origin: Origin
    schema: Schema | None
    ask: Callable[[Service], Awaitable[Answered]]
    turn: NextTurn | None = None

    def reply(self, answered: Answered) -> Reply:
        """Wrap what was answered."""
        return Reply(
            answered.result,
            schema=self.schema if answered.parsed else None,
            parsed=answered.parsed,
            calls=answered.calls,
            placed=self._placed(),
        )

    @contextmanager
    def keeping_partial(self) -> Iterator[None]:
        """
        Hand what had come to whoever must show it.

        Raises
        ------
        Stopped
            In place of a bare KeyboardInterrupt.
        StreamError, AnswerError, ToolRoundsError
            With ``.reply``, as far as an answer came.
        """
        try:
            yield
        except KeyboardInterrupt:
            raise stopped(self._partial()) from None
        except StreamError as error:
            error.reply = self._partial()
            raise
        except AnswerError as error:
            if isinstance(error.reply, Answered):
                error.reply = self.reply(error.reply)
            raise
        except ToolRoundsError as error:
            error.reply = self._partial()
            raise

    def _partial(self) -> Reply | None:
        partial = self.running.partial()
        return Reply(partial, placed=self._placed()) if partial else None

    def _placed(self) -> Placed | None:
        return self.turn.placed(private=self.origin.private) if self.turn else None
