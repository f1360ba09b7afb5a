"""Ask several models the same thing at once; one that fails does not end the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import anyio

from nbnebius.errors import AnswerError, NebiusError, RequestTimeout
from nbnebius.events import OfModel, Progress, ReasoningDelta, TextDelta
from nbnebius.work import ask as ask_work
from nbnebius.work.ask import Answered
from nbnebius.work.price import total

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from nbnebius.events import Event, Observer
    from nbnebius.types.answers import ChatResult
    from nbnebius.work.ask import Running, Wish

Status: TypeAlias = Literal["ok", "partial", "failed", "possibly_paid"]


@dataclass(slots=True)
class Entry:
    """
    One of the models that are asked: what it is sent, and what came of it.

    Attributes
    ----------
    number, model
        Its place among them, and its id.
    running
        The question under way; None before it is asked.
    answered, error
        What came of it; both None while it runs, or where it was stopped.
    """

    number: int
    body: Mapping[str, Any]
    wish: Wish
    running: Running | None = None
    answered: Answered | None = None
    error: NebiusError | None = None

    @property
    def model(self) -> str:
        """The model's id."""
        return str(self.body["model"])

    @property
    def result(self) -> ChatResult | None:
        """The answer, or as much of it as came."""
        if self.answered:
            return self.answered.result
        return self.running.partial() if self.running else None

    @property
    def status(self) -> Status:
        """How it stands, in the words that a row of `map` has."""
        if self.error is None and self.answered:
            return "ok"
        if isinstance(self.error, AnswerError):
            return "failed"
        if self.result is not None:
            return "partial"
        # Of what was stopped before anything came, nobody knows.
        doubtful = self.error is None or isinstance(self.error, RequestTimeout)
        return "possibly_paid" if doubtful else "failed"

    @property
    def reason(self) -> str:
        """Why there is no whole answer, in one line; "" where there is."""
        if self.error is not None:
            return "; ".join(part for part in (self.error.what, self.error.why) if part)
        return "" if self.answered else "stopped: what had come is kept"


async def compare(
    entries: Sequence[Entry],
    ask: Callable[[Entry, Observer], Awaitable[Answered]],
    observer: Observer,
) -> None:
    """
    Ask all models at once, and write into each entry what came of it.

    Parameters
    ----------
    entries
        One for each model.
    ask
        Asks one of them, and tells an observer of its text; streamed, so that the time to the
        first token is known.
    observer
        Sees each piece as `OfModel`, and how many have ended.
    """

    async def one(entry: Entry) -> None:
        def see(event: Event) -> None:
            if isinstance(event, TextDelta | ReasoningDelta):
                observer(OfModel(entry.number, event))
            else:
                observer(event)

        # Its clock starts here, not when it was prepared.
        entry.running = ask_work.run(entry.body, "chat", entry.wish)
        try:
            entry.answered = await ask(entry, see)
        except NebiusError as error:
            entry.error = error
            if isinstance(error, AnswerError) and isinstance(error.reply, Answered):
                entry.answered = error.reply
        observer(_progress(entries))

    async with anyio.create_task_group() as group:
        for entry in entries:
            group.start_soon(one, entry)


def _progress(entries: Sequence[Entry]) -> Progress:
    ended = [entry for entry in entries if entry.answered or entry.error]
    answers = [entry.answered.result for entry in ended if entry.answered]
    return Progress(
        "models",
        len(ended),
        len(entries),
        kept=sum(answer.kept_at is not None for answer in answers),
        cost=total(answer.cost for answer in answers),
        failed=sum(entry.error is not None for entry in ended),
    )
