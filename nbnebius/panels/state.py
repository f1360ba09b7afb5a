"""What every panel holds, without a widget: what it does just now, what went wrong, who listens."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from nbnebius.bridge import Worker
from nbnebius.errors import NebiusError, Stopped
from nbnebius.events import Note, Progress, Retrying
from nbnebius.rendering.progress import progress_line
from nbnebius.session import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.events import Event
    from nbnebius.work.origin import Reuse

_BUSY: Final = "one thing at a time: wait, or press Stop"


class Agreed:
    """The `Asker` of a panel: the button that was clicked names the price, so the click agrees."""

    def confirm(self, question: str) -> bool:  # noqa: ARG002 - the shape of all askers
        """Say yes."""
        return True

    def secret(self, question: str) -> str:
        """Refuse: no panel takes a key."""
        raise NebiusError(question, hint="run %nebius login in a cell")


class State:
    """
    A panel as plain Python: it can be driven, and tested, without a widget.

    Work runs on a thread of its own, one piece at a time; whoever listens is called on that thread
    when something has changed, and about twenty times a second while work goes on.

    Attributes
    ----------
    doing
        What it does just now, "" while it waits for the user.
    status
        One line about what it did last.
    error
        What went wrong last, in up to three lines.
    reuse
        When a kept answer is shown instead of asking.
    """

    reuse: Reuse = "always"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.doing = ""
        self.status = ""
        self.error = ""
        self._worker = Worker()
        self._listeners: list[Callable[[], None]] = []
        self._told: list[str] = []
        self._began = 0.0
        self._next: tuple[str, Callable[[Caller], None]] | None = None

    @property
    def busy(self) -> bool:
        """Whether work is running."""
        return bool(self.doing)

    def listen(self, function: Callable[[], None]) -> None:
        """Have `function` called whenever something may have changed."""
        self._listeners.append(function)

    def changed(self) -> None:
        """Tell whoever listens."""
        for function in tuple(self._listeners):
            function()

    def begin(self, doing: str, work: Callable[[Caller], None]) -> bool:
        """
        Start a piece of work and come back at once.

        Parameters
        ----------
        doing
            What it does, for the user to read.
        work
            Is given the `Caller` to hand to the session's methods.

        Returns
        -------
        bool
            False, and nothing is started, while another piece is running.
        """
        with self.lock:
            if self.doing:
                return False
            self.doing, self.error, self.status = doing, "", ""
        self._told.clear()
        self._began = time.monotonic()

        def run() -> None:
            try:
                work(self.caller())
            except Stopped as stopped:
                self.status = f"stopped: {stopped.why}" if stopped.why else "stopped"
            except Exception as error:  # noqa: BLE001 - an error nobody sees would be silence
                self.error = words(error)
            finally:
                with self.lock:  # what begins next has a status of its own
                    self.status = " · ".join([*filter(None, [self.status]), *self._told])
                    self.doing = ""
                    following, self._next = self._next, None
                self.changed()
            if following is not None:
                self.renew(*following)

        # The piece before may still be telling whoever listens that it has ended.
        self._worker.begin(run, after=True)
        self.changed()
        return True

    def start(self, doing: str, work: Callable[[Caller], None]) -> bool:
        """Begin a piece of work; while another runs, say so."""
        began = self.begin(doing, work)
        if not began:
            self.status = _BUSY
            self.changed()
        return began

    def renew(self, doing: str, work: Callable[[Caller], None]) -> None:
        """Start a piece of work as `begin` does, at the latest when what is running has ended."""
        with self.lock:
            self._next = (doing, work) if self.doing else None
            waits = self._next is not None
        if not waits and not self.begin(doing, work):
            self.renew(doing, work)

    def attempt(self, action: Callable[[], None]) -> None:
        """Do something at once; what goes wrong is told in the panel."""
        try:
            self.error = ""
            action()
        except Exception as error:  # noqa: BLE001 - a callback's error would be seen by nobody
            self.error = words(error)
        self.changed()

    def stop(self) -> None:
        """Stop what is running; what was paid for is kept."""
        self._next = None
        self._worker.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for what is running, at most `timeout` seconds; False where it is running still."""
        return self._worker.wait(timeout)

    def caller(self, *, place: str = "") -> Caller:
        """Give the caller that stands for this panel."""
        return Caller(
            place=place,
            reuse=self.reuse,
            shared=True,
            see=self.see,
            tick=self._tick,
            asker=Agreed(),
        )

    def see(self, event: Event) -> None:
        """Take in an event of the running work."""
        if isinstance(event, Note):
            self._told.append(event.text)
        elif isinstance(event, Retrying):
            self.status = f"{event.reason}: trying again in {event.seconds:.0f} s"
        elif isinstance(event, Progress):
            self.status = progress_line(event, time.monotonic() - self._began)

    def _tick(self) -> None:
        self._worker.check()
        self.changed()


def words(error: BaseException) -> str:
    """Say what went wrong, why, and what to do: a line each."""
    if isinstance(error, NebiusError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
