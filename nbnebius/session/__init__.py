"""The session: what a user's calls go through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.session.caller import FUNCTION, Caller
    from nbnebius.session.default import close_default, default_session, has_default, make_default
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.session import Session

__getattr__ = fetcher(
    __name__,
    {
        "Caller": "nbnebius.session.caller",
        "FUNCTION": "nbnebius.session.caller",
        "Prepared": "nbnebius.session.prepare",
        "Session": "nbnebius.session.session",
        "close_default": "nbnebius.session.default",
        "default_session": "nbnebius.session.default",
        "has_default": "nbnebius.session.default",
        "make_default": "nbnebius.session.default",
    },
)

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
