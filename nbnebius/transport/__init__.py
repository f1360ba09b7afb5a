"""The only room that knows HTTP: sending, retries, pacing, event streams, redaction, caps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.transport.headers import RateLimits
    from nbnebius.transport.request import Answer, Request, Stream, Timeouts
    from nbnebius.transport.sending import Transport
    from nbnebius.types.secret import Secret

__getattr__ = fetcher(
    __name__,
    {
        "Answer": "nbnebius.transport.request",
        "RateLimits": "nbnebius.transport.headers",
        "Request": "nbnebius.transport.request",
        "Secret": "nbnebius.types.secret",
        "Stream": "nbnebius.transport.request",
        "Timeouts": "nbnebius.transport.request",
        "Transport": "nbnebius.transport.sending",
    },
)

__all__ = ["Answer", "RateLimits", "Request", "Secret", "Stream", "Timeouts", "Transport"]
