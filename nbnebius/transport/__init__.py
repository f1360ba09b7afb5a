"""The only room that knows HTTP: sending, retries, pacing, event streams, redaction, caps."""

from nbnebius.transport.headers import RateLimits
from nbnebius.transport.request import Answer, Request, Timeouts
from nbnebius.transport.secret import Secret
from nbnebius.transport.sending import Transport

__all__ = ["Answer", "RateLimits", "Request", "Secret", "Timeouts", "Transport"]
