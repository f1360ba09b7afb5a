"""
Whether a failed request is sent again, when, and whether it may have been paid for.

No input or output here: the caller tells what failed and how often, and gets a decision. Whoever
cannot know whether the server did the work says ``possibly_paid``; such a request is sent again
only where the table allows it.

============================== ================ ==========================================
what failed                    billed?          then
============================== ================ ==========================================
connecting                     no               again, 3 times (8 in bulk work); never on a
                                                bad certificate
while sending                  very likely no   again, 8 times
nothing after sending          maybe            stop, unless asked for (`resend_in_doubt`)
... on a kept connection       hardly           again, once
408                            no               again, 3 times
429                            no               wait as told; up to 15 minutes altogether
402, 429 that means money      no               stop
503                            no               again, 8 times
500, 502, 504                  maybe            again, 2 times
other 4xx, redirects           no               stop
200 that is no answer          maybe            stop, unless asked for (`resend_in_doubt`)
a stream that broke off        in part          stop
============================== ================ ==========================================

Reads (GET) cost nothing: each of them is sent again where an attempt can help. What makes something
that stays (`Rules.once`) is sent again only where the server cannot have made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from nbnebius.transport.headers import duration, number
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbnebius.events import State

Phase: TypeAlias = Literal["connecting", "sending", "waiting", "reading", "answered"]

# Someone waits for a single call, and a wrong address should say so soon; bulk work asks for more.
CONNECTS = 3
SENDS = 8
UNAVAILABLE = 8
TIMEOUTS_408 = 3
SERVER_FAULTS = 2
SHORTEST, LONGEST = 0.5, 30.0
"""Seconds: the cap of the first and of the last pause."""
LONGEST_WAIT = 15 * 60.0
"""Seconds that 429 answers may hold one request up: Nebius scales its limits every 15 minutes."""


class Failure(Record, frozen=True):
    """
    What went wrong with one attempt.

    Attributes
    ----------
    phase
        How far it had come; ``answered`` with a status.
    reason
        A word for people: "no connection", "429".
    status
        The HTTP status, where an answer came.
    headers
        The answer's headers, names in lower case.
    out_of_money
        The answer says by its status, code or type that the account is empty.
    certificate
        The server's certificate was refused.
    reused
        The connection had served before: the server may have closed it meanwhile.
    streamed
        Part of the answer has been shown already.
    """

    phase: Phase
    reason: str = ""
    status: int | None = None
    headers: Mapping[str, str] | None = None
    out_of_money: bool = False
    certificate: bool = False
    reused: bool = False
    streamed: bool = False


class Tally(Record):
    """How often each kind of failure has been tried again, and the seconds waited for 429s."""

    retries: int = 0
    in_doubt: int = 0
    waited: float = 0.0
    limited: int = 0


class Decision(Record, frozen=True):
    """What to do: send ``again`` after `seconds`, or ``stop``; and how the attempt is entered."""

    action: Literal["again", "stop"]
    state: State
    seconds: float = 0.0
    reason: str = ""


class Rules(Record, frozen=True):
    """
    What one request allows.

    Attributes
    ----------
    paid
        The request buys something; False for reads.
    max_retries
        The user's own cap; 0 means never again, not even after 429.
    resend_in_doubt
        How often it may be sent again although the first may have been billed.
    connects
        How often a connection that failed is tried again.
    once
        Never send again what the server may have done.
    """

    paid: bool
    max_retries: int = 8
    resend_in_doubt: int = 0
    connects: int = CONNECTS
    once: bool = False


def decide(failure: Failure, tally: Tally, rules: Rules, random: Callable[[], float]) -> Decision:
    """
    Decide about one failed attempt. Pure: `tally` is read, not changed.

    Parameters
    ----------
    failure
        What went wrong.
    tally
        What was tried before.
    rules
        What the request allows.
    random
        Gives a number in [0, 1), for jitter.
    """
    state, limit = _judge(failure, rules)
    if rules.once and in_doubt(failure):
        limit = 0
    if not rules.paid and state == "possibly_paid":
        state = "failed"
    if failure.status == 429 and not failure.out_of_money:  # noqa: PLR2004 - its name
        return _limited(failure, tally, rules, random)
    used = tally.in_doubt if state == "possibly_paid" else tally.retries
    if used >= min(limit, rules.max_retries) or tally.retries >= rules.max_retries:
        return Decision("stop", state, reason=failure.reason)
    asked = retry_after(failure.headers or {})
    if asked is not None and asked > LONGEST_WAIT:
        return Decision("stop", state, reason=failure.reason)
    pause = backoff(tally.retries, random) if asked is None else asked + random()
    return Decision("again", state, pause, failure.reason)


def count(tally: Tally, failure: Failure, decision: Decision) -> None:
    """Enter a decision to send again into the tally."""
    if failure.status == 429:  # noqa: PLR2004 - its name
        tally.limited += 1
        tally.waited += decision.seconds
        return
    tally.retries += 1
    if decision.state == "possibly_paid":
        tally.in_doubt += 1


def in_doubt(failure: Failure) -> bool:
    """Tell whether the server may have done what it was asked."""
    if failure.phase in {"connecting", "sending"}:
        return False
    status = failure.status
    return status is None or status < 300 or (status >= 500 and status != 503)  # noqa: PLR2004


def _judge(failure: Failure, rules: Rules) -> tuple[State, int]:
    """Return how the attempt is entered, and how often such a failure is tried again."""
    status = failure.status
    if failure.phase == "connecting":
        return "failed", 0 if failure.certificate else rules.connects
    if failure.phase == "sending":
        return "failed", SENDS
    if failure.streamed:
        return "partial", 0
    if status is not None and status >= 300:  # noqa: PLR2004 - an answer that says no
        return _judge_status(status, failure, rules)
    if not rules.paid:
        return "failed", SENDS
    once = 1 if failure.reused and failure.phase == "waiting" else 0
    return "possibly_paid", max(once, rules.resend_in_doubt)


def _judge_status(status: int, failure: Failure, rules: Rules) -> tuple[State, int]:
    if failure.out_of_money:
        return "failed", 0
    if status == 408:  # noqa: PLR2004 - its name
        return "failed", TIMEOUTS_408
    if status == 503:  # noqa: PLR2004 - its name
        return "failed", UNAVAILABLE
    if status in {500, 502, 504}:
        return "possibly_paid", SERVER_FAULTS if rules.paid else UNAVAILABLE
    if status > 500:  # noqa: PLR2004 - 501, 505 and inventions: it will say so again
        return "possibly_paid", 0
    return "failed", 0


def _limited(failure: Failure, tally: Tally, rules: Rules, random: Callable[[], float]) -> Decision:
    asked = retry_after(failure.headers or {})
    pause = backoff(tally.limited, random) + SHORTEST if asked is None else asked + random()
    if rules.max_retries < 1 or tally.waited + (pause if asked is None else asked) > LONGEST_WAIT:
        return Decision("stop", "failed", reason=failure.reason)
    return Decision("again", "failed", pause, failure.reason)


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """Return a pause in seconds with full jitter: anything from 0 to a cap that doubles."""
    cap: float = min(SHORTEST * 2 ** min(attempt, 10), LONGEST)
    return cap * random()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """
    Read how many seconds the server asks to wait; None where it says nothing sensible.

    ``retry-after-ms``, and ``retry-after`` as seconds or as an HTTP date. A date is read against
    the answer's own ``Date``: the clock here may be wrong. Of two that were joined on their way by
    a comma, the longer holds.
    """
    milliseconds = number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    for name in ("retry-after", "llm_provider-retry-after"):
        text = headers.get(name, "")
        seconds = _longest(text)
        if seconds is None:
            seconds = _until(text, headers.get("date", ""))
        if seconds is not None:
            return seconds
    return None


def _longest(text: str) -> float | None:
    found = [seconds for part in text.split(",") if (seconds := duration(part)) is not None]
    return max(found) if len(found) == text.count(",") + 1 else None


def _until(then: str, now: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        seconds = (parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return max(seconds, 0.0)
