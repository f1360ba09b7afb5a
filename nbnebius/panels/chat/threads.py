"""The thread that a panel goes on with, and the others there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.errors import OptionError
from nbnebius.panels.state import State
from nbnebius.rendering.answer import usd
from nbnebius.session import default_session
from nbnebius.session.threads import OWN
from nbnebius.work.next_turn import NOTEBOOK

if TYPE_CHECKING:
    from nbnebius.session import Caller, Session
    from nbnebius.session.conversations import TurnRow


class ThreadState(State):
    """
    One of the session's threads.

    Attributes
    ----------
    thread, threads
        The thread, and all there are; ``notebook`` is the notebook's own.
    rows
        The turns of the thread, as the session keeps them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.thread = OWN
        self.threads: tuple[str, ...] = (OWN,)
        self.rows: list[TurnRow] = []
        self._total: tuple[int | None, float | None] = (None, None)

    def choose(self, thread: str) -> bool:
        """Go on with another thread; a new one begins with its first question."""
        if thread == self.thread:
            return False

        def work(_: Caller) -> None:
            session = default_session()
            session.thread_named(thread)
            self.thread = thread
            self.read(session)

        return self.start("reading the thread", work)

    def new(self, name: str = "") -> bool:
        """Begin a thread; without a name it gets one: ``chat-1`` …."""
        number = 1
        while f"chat-{number}" in self.threads:
            number += 1
        return self.choose(name.strip() or f"chat-{number}")

    def drop_thread(self) -> None:
        """Take all turns out of the thread; what was answered stays kept."""

        def work(_: Caller) -> None:
            session = default_session()
            dropped = session.drop_turns(self.thread) if self.rows else 0
            self.thread = OWN
            self.read(session)
            self.status = f"dropped {dropped} turns; their answers stay kept"

        self.start("dropping the thread", work)

    def export(self, path: str) -> None:
        """Write the thread into a new file: Markdown to ``.md``, else JSON."""

        def work(_: Caller) -> None:
            if not path.strip():
                raise OptionError("The file has no name", hint="as talk.md, or talk.json")
            written = default_session().export_thread(self.thread, Path(path.strip()))
            self.status = f"wrote {written} turns into {path.strip()}"

        self.start("writing the thread", work)

    def read(self, session: Session) -> None:
        """Read the thread and the names of all."""
        own = session.thread_named(OWN)
        names = [OWN if name == own else name for name in session.thread_names()]
        rows = session.turn_rows(self.thread) if session.turns(self.thread) else []
        total = session.thread_total(self.thread)
        new = [] if self.thread in names else [self.thread]
        with self.lock:
            self.threads = tuple(dict.fromkeys([*new, *names, OWN]))
            self.rows, self._total = rows, total

    @property
    def system_before(self) -> str:
        """The system prompt that the thread has so far."""
        given = [row.system for row in self.rows if row.system]
        return given[-1] if given else ""

    @property
    def total(self) -> str:
        """The thread with its turns, tokens and USD, in a line."""
        tokens, cost = self._total
        count = len(self.rows)
        pieces = [called(self.thread), f"{count} turn{'' if count == 1 else 's'}"]
        if tokens is not None:
            pieces += [f"{tokens:,} tokens", usd(cost)]
        return " · ".join(pieces)


def called(thread: str) -> str:
    """Name a thread for people."""
    if thread == OWN:
        return "this notebook's thread"
    if thread.startswith(NOTEBOOK):
        return f"thread of {Path(thread.removeprefix(NOTEBOOK)).name}"
    return f"thread {thread}"
