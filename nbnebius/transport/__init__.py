"""The only room that knows HTTP: sending, retries, pacing, event streams, redaction, caps."""

from nbnebius.transport.headers import RateLimits
from nbnebius.transport.request import Answer, Request, Stream, Timeouts
from nbnebius.transport.sending import Transport
from nbnebius.types.secret import Secret

__all__ = ["Answer", "RateLimits", "Request", "Secret", "Stream", "Timeouts", "Transport"]
