"""
Every error this package raises, as one tree.

::

    NebiusError                     what failed, why, and what to do: three lines
    ├─ OptionError                  a magic or an argument that makes no sense
    ├─ SettingsError                no key, a bad address, an unreadable file
    ├─ TransportError               no answer came                        .attempts
    │  ├─ ConnectError              nothing reached the server: not billed
    │  └─ RequestTimeout            it was sent and may have been billed
    ├─ ApiError                     an answer that says no                .status .code .request_id
    │  ├─ BadRequestError           400
    │  ├─ AuthenticationError       401
    │  ├─ PaymentRequiredError      402
    │  ├─ PermissionDeniedError     403
    │  ├─ NotFoundError             404
    │  ├─ UnprocessableEntityError  422
    │  ├─ RateLimitError            429                                   .retry_after
    │  └─ ServerError               5xx
    ├─ StreamError                  a stream that broke off               .partial
    ├─ AnswerError                  an answer that does not fit a schema  .problems .reply
    ├─ ToolRoundsError              a model that goes on calling tools    .reply
    ├─ ResponseError                an answer we cannot read              .body
    ├─ JournalError                 the journal cannot be written or read
    ├─ BudgetReached                the money that may be spent is spent  .frame .job
    ├─ RowsFailed                   too many rows of a job have failed    .frame .job
    ├─ ReplayError                  a recording that lacks a request, or is none
    └─ Stopped                      interrupted; what had come is kept    .reply .frame .job

The names of the HTTP statuses are those of the openai package, so existing ``except`` clauses
read the same. No message, repr or traceback of these holds a key, a prompt or a header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = [
    "AnswerError",
    "ApiError",
    "AuthenticationError",
    "BadRequestError",
    "BudgetReached",
    "ConnectError",
    "JournalError",
    "NebiusError",
    "NotFoundError",
    "OptionError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitError",
    "ReplayError",
    "RequestTimeout",
    "ResponseError",
    "RowsFailed",
    "ServerError",
    "SettingsError",
    "Stopped",
    "StreamError",
    "ToolRoundsError",
    "TransportError",
    "UnprocessableEntityError",
]


class NebiusError(Exception):
    """
    What failed, why, and what to do about it.

    Parameters
    ----------
    what, why, hint
        What failed, in a sentence without a full stop; the likely cause; the next thing to do.

    Attributes
    ----------
    frame, job
        Of work on many rows: the DataFrame with what is done, and the `Job`; else None.
    """

    frame: Any = None
    job: Any = None

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join(line for line in (self.what, self.why, self.hint) if line)

    def _render_traceback_(self) -> list[str]:
        """Draw the error in at most three lines: IPython's own hook for that."""
        first, *rest = (_one_line(line) for line in (self.what, self.why, self.hint) if line)
        return [f"{type(self).__name__}: {first}", *(f"  {line}" for line in rest)]


def _one_line(text: str) -> str:
    """Fold line breaks and strip control characters, which a terminal would obey."""
    folded = " ".join(text.split())
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in folded)


class OptionError(NebiusError):
    """A magic's option or a function's argument that makes no sense."""


class SettingsError(NebiusError):
    """No key, a bad address, an unreadable settings file."""


class TransportError(NebiusError):
    """No answer came. ``attempts`` is how many times it was tried."""

    def __init__(self, what: str, *, why: str = "", hint: str = "", attempts: int = 1) -> None:
        super().__init__(what, why=why, hint=hint)
        self.attempts = attempts


class ConnectError(TransportError):
    """The server could not be reached, so nothing was billed."""


class RequestTimeout(TransportError):  # noqa: N818 - the openai package's own word
    """The request was sent and no answer came in time; it may have been billed."""


class ApiError(NebiusError):
    """
    An answer of the server that says no.

    Attributes
    ----------
    status : int
        The HTTP status.
    code : str or None
        The error's code or type, where the body names one.
    request_id : str or None
        What the server's support asks for.
    attempts : int
        How many times it was tried.
    """

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        hint: str = "",
        status: int = 0,
        code: str | None = None,
        request_id: str | None = None,
        attempts: int = 1,
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.attempts = attempts


class BadRequestError(ApiError):
    """400: the server cannot work with this request."""


class AuthenticationError(ApiError):
    """401: the key is missing, wrong or revoked."""


class PaymentRequiredError(ApiError):
    """402, or a 429 that means an empty account: add funds."""


class PermissionDeniedError(ApiError):
    """403: this key may not do that."""


class NotFoundError(ApiError):
    """404: no such model or path. ``model_missing`` is True where it is the model."""

    model_missing: bool = False


class UnprocessableEntityError(ApiError):
    """422: a field is missing or has a value the server refuses."""


class RateLimitError(ApiError):
    """429: too many requests. ``retry_after`` is in seconds, where the server told it."""

    retry_after: float | None = None


class ServerError(ApiError):
    """5xx: the server failed."""


class StreamError(NebiusError):
    """
    A stream that broke off.

    ``partial`` is the text that had come; ``reply``, where a session asked, the same as a `Reply`.
    """

    reply: object = None

    def __init__(self, what: str, *, why: str = "", hint: str = "", partial: str = "") -> None:
        super().__init__(what, why=why, hint=hint)
        self.partial = partial


class ResponseError(NebiusError):
    """An answer that cannot be read; ``body`` is its beginning, at most 2,000 characters."""

    def __init__(self, what: str, *, why: str = "", hint: str = "", body: str = "") -> None:
        super().__init__(what, why=why, hint=hint)
        self.body = body
        self.record: int | None = None


class AnswerError(NebiusError):
    """
    An answer that is not what its schema asks for; it was paid for, so ``reply`` holds it.

    Attributes
    ----------
    text : str
        How the answer begins (or ends, where it was cut off), at most 200 characters.
    problems : list of str
        ``path: what is wrong``, at most ten.
    truncated : bool
        The answer was cut off: to ask again helps only with a higher limit.
    """

    reply: object = None

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        hint: str = "",
        text: str = "",
        problems: Sequence[str] = (),
        truncated: bool = False,
    ) -> None:
        super().__init__(what, why=why, hint=hint)
        self.text = text[-200:] if truncated else text[:200]
        self.problems = [problem[:200] for problem in problems[:10]]
        self.truncated = truncated


class ToolRoundsError(NebiusError):
    """A model that goes on calling tools; ``reply`` holds the last answer, `result` the rounds."""

    reply: object = None

    def __init__(self, what: str, *, why: str = "", hint: str = "", result: object = None) -> None:
        super().__init__(what, why=why, hint=hint)
        self.result = result


class JournalError(NebiusError):
    """
    The journal cannot be opened, written or read; nothing is sent without it.

    ``unkept`` is True where it was sent already, so that it is possibly paid.
    """

    unkept: bool = False


class BudgetReached(NebiusError):  # noqa: N818 - it is not a fault
    """A budget has no room for what would come next; what is done is kept, in ``frame``."""


class RowsFailed(NebiusError):  # noqa: N818 - the rows did
    """More rows of a job have failed than are allowed; ``frame`` holds all, with their errors."""


class ReplayError(NebiusError):
    """A recording that does not hold what is asked, or cannot be read or written."""


class Stopped(NebiusError, KeyboardInterrupt):  # noqa: N818 - it is not a fault
    """
    The user interrupted; what had come by then is kept in ``reply``, or rows of it in ``frame``.

    It is a ``KeyboardInterrupt`` too, so that "Run All" stops at this cell.
    """

    def __init__(self, what: str, *, why: str = "", hint: str = "", reply: object = None) -> None:
        super().__init__(what, why=why, hint=hint)
        self.reply = reply
