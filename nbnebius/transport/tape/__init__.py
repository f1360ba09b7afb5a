"""Recordings: the answers of a notebook in one file, written while it runs and answered from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.transport.tape.recording import Recording
    from nbnebius.transport.tape.replaying import Replaying

__getattr__ = fetcher(
    __name__,
    {
        "Recording": "nbnebius.transport.tape.recording",
        "Replaying": "nbnebius.transport.tape.replaying",
    },
)

__all__ = ["Recording", "Replaying"]
