"""Who asks, from where, and what may be shown instead of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbnebius.events import Intent, Kind
from nbnebius.journal import Journal, KeptAnswer, find_answer, own_key, request_key
from nbnebius.types.json import to_json
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.work.price import Price

Reuse: TypeAlias = Literal["never", "restart", "always"]


class Origin(Record, frozen=True):
    """
    What a paid call must know of its caller.

    Attributes
    ----------
    service
        Whom it is bought from.
    place
        The cell that asks, "" for a plain function call.
    private
        Keep neither request nor answer.
    reuse
        ``never`` asks; ``always`` shows any kept answer to the same request; ``restart`` shows
        one the first time this session asks from this place, unless another cell of this very
        session bought it.
    shared
        Whether other calls may be answered from this one: its key is then the request's own.
    thread, turn
        The conversation that it belongs to, and the number of its turn there; or None. Of a
        private call, the journal is not told.
    """

    service: str
    place: str = ""
    private: bool = False
    reuse: Reuse = "never"
    shared: bool = False
    thread: str | None = None
    turn: int | None = None

    def key(self, endpoint: str, body: Mapping[str, Any]) -> bytes:
        """Name the request."""
        return request_key(self.service, endpoint, body) if self.shared else own_key()

    def intent(self, key: bytes, kind: Kind, body: Mapping[str, Any], price: Price) -> Intent:
        """Say what is about to be bought."""
        return Intent(
            key=key,
            kind=kind,
            service=self.service,
            model=str(body.get("model", "")),
            request=b"" if self.private else to_json(body),
            cost_bound=price.bound(body),
            place=self.place,
            private=self.private,
            characters=_characters(body),
            thread=None if self.private else self.thread,
            turn=None if self.private else self.turn,
        )

    async def kept(self, journal: Journal, key: bytes) -> KeptAnswer | None:
        """Find a kept answer that may be shown, by the rule of `reuse`."""
        first = journal.first_time(key, self.place) if self.shared else True
        if self.reuse == "never" or (self.reuse == "restart" and not first):
            return None
        return await find_answer(
            journal, key, place=self.place, other_sessions_only=self.reuse == "restart"
        )


def _characters(body: Mapping[str, Any]) -> int:
    """Count the characters that a request has a model read; of pictures, none."""
    parts = [message.get("content") for message in body.get("messages", ())]
    asked = body.get("input", body.get("prompt", ()))
    parts += [asked] if isinstance(asked, str) else list(asked)
    total = 0
    for part in parts:
        if isinstance(part, str):
            total += len(part)
        elif isinstance(part, list):
            total += sum(len(each.get("text", "")) for each in part if isinstance(each, dict))
    return total
