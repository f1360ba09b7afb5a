"""The session: what a user's calls go through."""

from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.default import close_default, default_session, has_default, make_default
from nbnebius.session.prepare import Prepared
from nbnebius.session.session import Session

__all__ = [
    "FUNCTION",
    "Caller",
    "Prepared",
    "Session",
    "close_default",
    "default_session",
    "has_default",
    "make_default",
]
