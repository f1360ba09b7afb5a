"""Async work for a thread that waits: one loop in the background, and the way between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.bridge.here import at_once
    from nbnebius.bridge.loop import Bridge
    from nbnebius.bridge.mailbox import Mailbox, Unread
    from nbnebius.bridge.task import Task
    from nbnebius.bridge.worker import Worker

__getattr__ = fetcher(
    __name__,
    {
        "Bridge": "nbnebius.bridge.loop",
        "Mailbox": "nbnebius.bridge.mailbox",
        "Task": "nbnebius.bridge.task",
        "Unread": "nbnebius.bridge.mailbox",
        "Worker": "nbnebius.bridge.worker",
        "at_once": "nbnebius.bridge.here",
    },
)

__all__ = ["Bridge", "Mailbox", "Task", "Unread", "Worker", "at_once"]
