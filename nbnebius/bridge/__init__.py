"""Async work for a thread that waits: one loop in the background, and the way between the two."""

from nbnebius.bridge.loop import Bridge
from nbnebius.bridge.mailbox import Mailbox, Unread
from nbnebius.bridge.task import Task
from nbnebius.bridge.worker import Worker

__all__ = ["Bridge", "Mailbox", "Task", "Unread", "Worker"]
