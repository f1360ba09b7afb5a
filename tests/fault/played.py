"""A transport whose wire is played: no sockets, so that hours of a clock pass in a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbnebius.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from nbnebius.transport.request import Request


@dataclass(slots=True)
class Played:
    """
    An answer.

    Attributes
    ----------
    status, headers
        As a server sends them; names in lower case.
    pieces
        The body, as it comes.
    breaks
        What is raised after the last piece, in place of the body's end.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = (b"{}",)
    breaks: Exception | None = None


class PlayedExchange:
    """One request and its answer, as `nbnebius.transport.http.Exchange` has them."""

    def __init__(self, play: Callable[[], Awaitable[Played]]) -> None:
        self._play = play
        self._left: list[bytes] = []
        self._breaks: Exception | None = None
        self.phase = "connecting"
        self.reused = False
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.is_open = False

    async def open(self) -> None:
        self.phase = "waiting"
        played = await self._play()
        self.phase, self.is_open = "reading", True
        self.status, self.headers = played.status, played.headers
        self._left, self._breaks = list(played.pieces), played.breaks

    async def read(self, seconds: float) -> bytes:
        while self._left:
            if piece := self._left.pop(0):
                return piece
        if self._breaks is not None:
            raise self._breaks
        return b""

    async def rest(self, seconds: float) -> None:
        """Go on at once."""

    async def close(self) -> None:
        self.is_open = False


class PlayedTransport(Transport):
    """A `Transport` that asks a function for each answer."""

    def __init__(self, play: Callable[[Request], Awaitable[Played]], **more: Any) -> None:
        super().__init__("http://127.0.0.1:9/v1/", None, **more)
        self._played = play

    def _exchange(self, request: Request) -> Any:
        return PlayedExchange(lambda: self._played(request))
