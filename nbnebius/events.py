"""
What the rooms below tell the rooms above, and the three who listen.

An `Observer` watches (progress, retries, text as it comes), an `Asker` answers questions, and a
`Recorder` writes down every paid request before it is sent and its raw answer before it is read.
All three are handed in; nothing below the session prints or asks by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

State: TypeAlias = Literal["sent", "done", "partial", "failed", "possibly_paid"]
Kind: TypeAlias = Literal["chat", "completion", "embedding", "image", "rerank"]


class TextDelta(Record, frozen=True):
    """A piece of an answer's text, as it came."""

    text: str


class ReasoningDelta(Record, frozen=True):
    """A piece of a model's reasoning, as it came."""

    text: str


class OfModel(Record, frozen=True):
    """A piece of one model's answer, where several are asked at once: the one at place `number`."""

    number: int
    event: TextDelta | ReasoningDelta


class Retrying(Record, frozen=True):
    """A request will be sent again after `seconds`, because of `reason`."""

    reason: str
    seconds: float
    attempt: int


class Progress(Record, frozen=True):
    """
    How far work is: `done` of `total` `what` (rows, texts, bytes), `cost` in USD so far.

    Of those done, `kept` cost nothing, `failed` have no answer, and `doubtful` are possibly paid.
    `state` is a word for what it does, where it does not simply go on.
    """

    what: str
    done: int
    total: int
    kept: int = 0
    cost: float | None = None
    failed: int = 0
    doubtful: int = 0
    state: str = ""


class Note(Record, frozen=True):
    """A sentence the user should see once."""

    text: str


class ToolCalled(Record, frozen=True):
    """A model called a tool: `result` went back to it, and says what went wrong if `error`."""

    name: str
    arguments: Mapping[str, Any] | str
    result: str
    error: bool


class Interlude(Record, frozen=True):
    """Something else is about to be written: a question, a user's function's words, a result."""


Event: TypeAlias = (
    TextDelta | ReasoningDelta | OfModel | Retrying | Progress | Note | ToolCalled | Interlude
)


class Observer(Protocol):
    """Watches work as it goes on. Called on the background loop: it must return at once."""

    def __call__(self, event: Event) -> None:
        """See one event."""


class Asker(Protocol):
    """Answers a question of the work, on the thread where the user is."""

    def confirm(self, question: str) -> bool:
        """Ask a yes-or-no question; an error where nobody can answer."""

    def secret(self, question: str) -> str:
        """Ask for a key without showing it; an error where nobody can answer."""


class Intent(Record, frozen=True):
    """
    A request that is about to be paid for.

    Attributes
    ----------
    key
        16 bytes that name the request: everything that shapes its answer, and nothing else.
    kind
        What is bought.
    service
        Whom it is bought from, independent of how the host is spelled.
    model
        The model's id.
    request
        The JSON body as sent; empty when the call is private.
    cost_bound
        The most it can cost in USD, or None where the price is unknown.
    place
        The cell it was asked from, or "" for a plain function call.
    private
        Keep digests and usage only, neither request nor answer.
    characters
        How long its texts are; tokens are estimated from what such calls took.
    keeps_request
        Whether the body is kept too; a row's can be made anew from its frame.
    claim
        Buy it only where nobody else has, or is about to: the number of the newest record that is
        known and of no use, 0 where there is none. None: buy it in any case.
    thread, turn
        The conversation that it belongs to, and the number of its turn there; or None.
    """

    key: bytes
    kind: Kind
    service: str
    model: str
    request: bytes = b""
    cost_bound: float | None = None
    place: str = ""
    private: bool = False
    characters: int | None = None
    keeps_request: bool = True
    claim: int | None = None
    thread: str | None = None
    turn: int | None = None


class Claimed(Exception):  # noqa: N818 - it is news, not a fault
    """Somebody else has bought, or is about to buy, the very same thing: look again later."""


class Outcome(Record, frozen=True):
    """
    How one attempt ended.

    Attributes
    ----------
    state
        ``done``: a whole answer. ``partial``: a stream that broke off or was stopped.
        ``failed``: an answer that says no, or nothing was sent; not billed.
        ``possibly_paid``: sent, and nobody knows.
    status
        The HTTP status, or None where no answer came.
    content_type
        ``application/json`` or ``text/event-stream``: how `body` is to be read.
    body
        The raw answer as received (of a stream: all its bytes).
    request_id
        The server's id of the request.
    error
        One line for people, without key or prompt.
    """

    state: State
    status: int | None = None
    content_type: str = "application/json"
    body: bytes = b""
    request_id: str | None = None
    error: str = ""


class Recorder(Protocol):
    """
    Writes down what is sent and what came back.

    All three methods queue what is to be written, in the order they are called, and what they give
    resolves when it is on disk. Cancelling the wait does not undo the writing.
    """

    def sending(self, intent: Intent, attempt: int) -> Awaitable[int]:
        """
        Commit the intent before a byte leaves; the record's number comes back.

        Raises `Claimed` where the intent makes a claim and somebody else was faster.
        """

    def received(self, record: int, data: bytes) -> Awaitable[None]:
        """Keep raw bytes of a stream that is still running (called every 250 ms or so)."""

    def ended(self, record: int, outcome: Outcome) -> Awaitable[None]:
        """Commit how the attempt ended, with the raw answer, before anyone reads it."""
