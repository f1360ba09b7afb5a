"""Recordings: the answers of a notebook in one file, written while it runs and answered from."""

from nbnebius.transport.tape.recording import Recording
from nbnebius.transport.tape.replaying import Replaying

__all__ = ["Recording", "Replaying"]
