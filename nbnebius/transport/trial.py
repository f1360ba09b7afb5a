"""How one attempt went, and what becomes of an answer that says yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.transport.about import request_id
from nbnebius.transport.request import Answer
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from nbnebius.errors import NebiusError
    from nbnebius.transport.attempt import Attempt
    from nbnebius.transport.direct import DirectExchange
    from nbnebius.transport.http import Exchange
    from nbnebius.transport.retry import Failure
    from nbnebius.transport.tape.replaying import ReplayedExchange


class TooLarge(Exception):  # noqa: N818 - it never leaves the transport
    """More bytes than the request allows."""


class Trial(Record, frozen=True):
    """How one attempt went: the bytes that came, what failed, and the error that tells it."""

    body: bytes
    failure: Failure | None = None
    error: NebiusError | None = None


async def collect(
    exchange: Exchange | DirectExchange | ReplayedExchange,
    parts: list[bytes],
    cap: int,
    idle: float,
) -> None:
    """Read an answer to its end into `parts`; raises `TooLarge` beyond `cap` bytes."""
    size = 0
    while part := await exchange.read(idle):
        parts.append(part)
        size += len(part)
        if size > cap:
            raise TooLarge


def answer_of(attempt: Attempt, body: bytes, seconds: float) -> Answer:
    """Give the answer of an attempt that went well."""
    headers = attempt.exchange.headers
    return Answer(
        status=attempt.exchange.status,
        headers=headers,
        body=body,
        request_id=request_id(headers),
        record=attempt.record,
        attempts=attempt.number,
        seconds=seconds,
    )
