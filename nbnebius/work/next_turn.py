"""The turn that is about to be asked: what is sent with it, where it will stand, and if it fits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nbnebius.errors import OptionError
from nbnebius.journal import IN_MEMORY
from nbnebius.work.estimate import estimate_messages, estimate_tokens
from nbnebius.work.thread import (
    Placed,
    Said,
    compose,
    made_turn,
    said_in,
    stale_ones,
    system_of,
    turns_before,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.journal import KeptTurn
    from nbnebius.types.answers import ChatResult
    from nbnebius.work.thread import Message

NOTEBOOK: Final = "notebook:"
"""What the names of notebooks' own threads begin with; the notebook's path follows."""

ENOUGH: Final = 256
"""Tokens of an answer that is worth asking for, where nobody said how long it may be."""

MARGIN: Final = 0.9
"""The share of the room that is used: its size is an estimate."""


def shown_name(thread: str) -> str:
    """Give a thread's name for a footer: "" for a notebook's own."""
    return "" if thread.startswith(NOTEBOOK) else thread


@dataclass(frozen=True, slots=True)
class NextTurn:
    """
    A question on its way into a thread.

    Attributes
    ----------
    service, thread
        Whom it is asked, and the thread's name in the journal.
    turns
        The thread as it stands.
    own
        The turn that it replaces; None for a new one.
    asked
        The question's messages.
    system
        The system prompt that came with it, if one did.
    place
        The cell that asks.
    """

    service: str
    thread: str
    turns: Sequence[KeptTurn]
    own: KeptTurn | None
    asked: Sequence[Message]
    system: str | None = None
    place: str = ""

    @property
    def before(self) -> list[KeptTurn]:
        """The turns that are sent with it."""
        return turns_before(self.turns, self.own)

    @property
    def number(self) -> int:
        """The number of its turn, from 1."""
        return len(self.turns) + 1 if self.own is None else self.turns.index(self.own) + 1

    @property
    def is_private(self) -> bool:
        """Whether it sends what may not be on disk, so that it may not be there either."""
        return any(turn.is_private for turn in self.before)

    @property
    def missing(self) -> int:
        """How many turns before it were purged, and are not sent."""
        return self.number - 1 - len(self.before)

    def placed(self, *, private: bool) -> Placed:
        """Say where it stands, for its footer."""
        return Placed(shown_name(self.thread), self.number, len(self.before), private)

    def messages(self, system: str | None) -> list[Message]:
        """Write what is sent; `system` holds where the thread has no system prompt of its own."""
        return compose(self.before, self.asked, self.system or system_of(self.before) or system)

    def answered(
        self,
        result: ChatResult,
        said: Sequence[Message],
        *,
        session: str,
        private: bool,
        now: float,
    ) -> KeptTurn:
        """Give the turn that the answer makes of it."""
        usage = result.usage
        highest = max((turn.position for turn in self.turns), default=0)
        return made_turn(
            Said([*self.asked, *said], self.system),
            self.before,
            position=self.own.position if self.own else highest + 1,
            number=IN_MEMORY,
            place=self.place,
            session=session,
            call=None if private else result.record,
            state="partial" if result.partial else "done",
            model=result.model,
            asked_at=now,
            tokens=usage.total_tokens if usage else None,
            cost=result.answer_cost,
        )

    def stale_after(self, turn: KeptTurn) -> list[int]:
        """List the numbers of later turns that another answer in this place makes stale."""
        if self.own is None or self.own.mark == turn.mark:
            return []
        place = self.turns.index(self.own)
        stale = stale_ones([*self.turns[:place], turn, *self.turns[place + 1 :]])
        return [number for number, is_stale in enumerate(stale, 1) if is_stale and number > place]

    def fitted(self, body: Mapping[str, Any], context: int | None, *, told: bool) -> dict[str, Any]:
        """
        Make the longest answer fit into what the thread leaves of the model's context.

        Parameters
        ----------
        body
            The request.
        context
            The model's context in tokens, None where it is unknown.
        told
            The answer's length was asked for, so it stays as it is.

        Raises
        ------
        OptionError
            There is no room for the answer; it says how many tokens the thread has.
        """
        field = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
        longest = body.get(field)
        if context is None or not self.before:
            return dict(body)
        tokens = _tokens(body)
        room = int((context - tokens) * MARGIN)
        needed = longest if told and longest else min(longest or ENOUGH, ENOUGH)
        if room < needed:
            raise self._too_long(tokens, needed, context)
        if longest is None or told or longest <= room:
            return dict(body)
        return {**body, field: room}

    def _too_long(self, tokens: int, needed: int, context: int) -> OptionError:
        over = needed - int((context - tokens) * MARGIN)
        name = "notebook" if not shown_name(self.thread) else self.thread
        freed, count = 0, 0
        for turn in self.before:
            if freed >= over:
                break
            freed += estimate_messages(list(said_in(turn).messages))
            count += 1
        first = "1" if count == 1 else f"1-{count}"
        return OptionError(
            f"The thread is too long for the model: about {tokens:,} tokens (an estimate)",
            why=f"it takes {context:,}, and the answer needs {needed:,} of them",
            hint=f"%nebius threads drop {name} {first} takes the oldest out, or ask a model with a "
            "larger context"
            if freed >= over
            else "shorten the question, or ask a model with a larger context",
        )


def _tokens(body: Mapping[str, Any]) -> int:
    """Estimate the tokens of a request, tool calls and schemas included."""
    calls = [m["tool_calls"] for m in body["messages"] if m.get("tool_calls")]
    more = [body[name] for name in ("tools", "response_format") if name in body]
    total = estimate_messages(body["messages"])
    return total + (estimate_tokens(json.dumps([calls, more])) if calls or more else 0)
