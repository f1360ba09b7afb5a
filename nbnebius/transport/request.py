"""What is handed to the transport, and what it hands back."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from nbnebius.transport.retry import CONNECTS
from nbnebius.types.record import Record, field

if TYPE_CHECKING:
    from nbnebius.errors import NebiusError
    from nbnebius.events import Intent

Method: TypeAlias = Literal["GET", "POST", "DELETE", "PUT"]
Params: TypeAlias = Mapping[str, str | int | bool | None]

JSON_CAP = 64 * 2**20
"""Bytes of a JSON answer that are read."""

STREAM_CAP = 256 * 2**20
"""Bytes of a whole stream that are read."""


class Timeouts(Record, frozen=True):
    """
    How long to wait, in seconds.

    Attributes
    ----------
    connect
        For a connection.
    write
        For the network to take each piece of the request.
    first_byte
        From the request's end to the answer's beginning. Nebius takes up to 100 s when idle, and
        giving up early means paying twice.
    idle
        Between two events of a stream, or two pieces of an answer. Keep-alive comments are not
        events.
    total
        For one attempt altogether.
    """

    connect: float = 10.0
    write: float = 60.0
    first_byte: float = 300.0
    idle: float = 120.0
    total: float = 1800.0


class Stream(Record, frozen=True):
    """
    A body that is made while it is sent, and made anew for each attempt.

    Attributes
    ----------
    open
        Begin to make it.
    length
        Its bytes, the same each time.
    told
        What it says, without what differs each time it is made; None where nothing does.
    """

    open: Callable[[], AsyncIterator[bytes]]
    length: int
    told: Callable[[], AsyncIterator[bytes]] | None = None


class Alias(Record, frozen=True):
    """
    How a recording knows a request whose body holds something nobody asked for.

    Attributes
    ----------
    body
        The JSON it is found by.
    told
        What is given back beside the recorded answer, as headers.
    """

    body: bytes
    told: Mapping[str, str]


class Flow(Protocol):
    """Lets the attempts of one request out, among those of many others."""

    async def turn(self) -> None:
        """Wait until an attempt may leave; it then counts as in flight."""

    def sent(self) -> None:
        """
        Hear that an attempt's intent is on disk: from here on it may be paid for.

        Raises what ended the flow, if anything did: then it does not leave.
        """

    def check(self) -> None:
        """Raise what ended the flow, if anything did, instead of letting an attempt leave."""

    def failed(self, error: NebiusError) -> None:
        """Hear why the request has failed; its last attempt still counts as in flight."""

    def released(self, *, doubtful: bool = False) -> None:
        """
        Hear that an attempt is no longer in flight, and how it ended is queued to be kept.

        `doubtful`: it may have been paid for, and no answer came.
        """

    def paused(self, *, refused: bool, doubtful: bool) -> None:
        """
        Hear that another attempt follows after a pause.

        `refused`: the server answered 429; `doubtful`: the last attempt may have been paid for.
        """


class Request(Record, frozen=True):
    """
    One request, before it knows host or key.

    Attributes
    ----------
    method
        POST and PUT may be paid for, unless `free`; the others are free and sent again at will.
    path
        Below the base URL; with a leading slash, below the host.
    params
        The query; None values are left out.
    body
        What is sent, as it is sent.
    cap
        Most bytes of the answer.
    intent
        What is bought; written down before each attempt. None: nothing is written down.
    headers
        More headers. Authorization is not among them: it comes from the secret alone.
    lane
        Whose rate limits apply: the model's id.
    resend_in_doubt
        How often it may be sent again although the server may have done (and billed) the work.
    connects
        How often a connection that failed is tried again.
    free
        Nothing is bought, although the method could.
    once
        It makes something that stays (a file, a batch). Where the server may have made it, it is
        not sent again: the caller looks it up first.
    total
        Seconds for one attempt altogether, where that differs from the transport's.
    tokens
        About how many tokens it takes, for limits that count them.
    flow
        Who says when an attempt may leave, where many requests go at once.
    alias
        How a recording knows it, where that is not by its body.
    """

    method: Method
    path: str
    params: Params = field(default_factory=dict)
    body: bytes | Stream | None = None
    cap: int = JSON_CAP
    intent: Intent | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lane: str = ""
    resend_in_doubt: int = 0
    connects: int = CONNECTS
    free: bool = False
    once: bool = False
    total: float | None = None
    tokens: float = 0.0
    flow: Flow | None = None
    alias: Alias | None = None

    @property
    def paid(self) -> bool:
        """Whether sending it twice could cost twice."""
        return self.method in {"POST", "PUT"} and not self.free

    def content(self) -> bytes | AsyncIterator[bytes] | None:
        """Return the body for one attempt."""
        return self.body.open() if isinstance(self.body, Stream) else self.body


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """
    A whole answer that says yes.

    Attributes
    ----------
    status
        The HTTP status.
    headers
        Names in lower case.
    body
        As received.
    request_id
        What the server's support asks for.
    record
        The recorder's number of the attempt, or None where nothing was recorded.
    attempts
        How many requests the server may have seen.
    seconds
        From the first attempt's beginning, waits included.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = dataclasses.field(repr=False)
    request_id: str | None = None
    record: int | None = None
    attempts: int = 1
    seconds: float = 0.0

    @property
    def content_type(self) -> str:
        """How the body is to be read."""
        return self.headers.get("content-type", "application/json")
