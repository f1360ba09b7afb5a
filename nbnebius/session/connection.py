"""
What stands behind a session: one background loop, one journal and one service, and their lifetimes.

Several threads may wait at once. Events of work go to the thread that waits for it: each piece of
work carries its own mailbox as a context variable, which its tasks inherit.
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.bridge import Bridge, Mailbox, Task
from nbnebius.errors import NebiusError
from nbnebius.events import Interlude
from nbnebius.journal import Journal, hold_size, settle_orphans
from nbnebius.session.service import Service
from nbnebius.settings import home

if TYPE_CHECKING:
    import tempfile
    from collections.abc import Awaitable, Callable, Generator

    from nbnebius.events import Event
    from nbnebius.settings import Config, Endpoint
    from nbnebius.transport import Timeouts
    from nbnebius.transport.tape import Replaying
    from nbnebius.types.model import ModelRecord

T = TypeVar("T")

_mailbox: ContextVar[Mailbox] = ContextVar("nbnebius_mailbox")


def tell(event: Event) -> None:
    """Hand an event to whoever waits for the work that is running."""
    _mailbox.get()(event)


async def call_here(function: Callable[[], Any]) -> Any:
    """Have `function` called on the thread that waits for the work that is running."""
    box = _mailbox.get()
    box(Interlude())
    return await asyncio.wrap_future(box.call(function))


class Connection:
    """
    One service, as a session holds it; everything is opened at first use.

    Parameters
    ----------
    endpoint, config
        The address with its key, and the defaults in force.
    max_retries, timeouts
        Handed to the client.
    replaying
        The recording that answers instead; the journal is then a new one that goes with it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        config: Config,
        *,
        max_retries: int,
        timeouts: Timeouts,
        replaying: Replaying | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._config = config
        self._max_retries = max_retries
        self._timeouts = timeouts
        self.replaying = replaying
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._bridge = Bridge()
        self._lock = threading.Lock()
        self._journal: Journal | None = None
        self._service: Service | None = None
        self._closed = False
        self._pid = os.getpid()

    @property
    def journal(self) -> Journal:
        """The journal; what dead sessions left behind is settled when it is opened."""
        self._check_process()
        with self._lock:
            if self._closed:
                raise NebiusError("The session is closed", hint="connect() opens a new one")
            if self._journal is None:
                journal = Journal(self._journal_folder() / "journal.sqlite")
                settle_orphans(journal)
                grown = hold_size(journal, self._config.get("journal_gb"))
                journal.writer.note = "; ".join(filter(None, (journal.writer.note, grown)))
                self._journal = journal
            return self._journal

    @property
    def is_open(self) -> bool:
        """Whether the journal is open already, so that reading it costs nothing."""
        return self._journal is not None and not self._closed

    def _journal_folder(self) -> Path:
        if self.replaying is None:
            return home()
        if self._folder is None:
            import tempfile

            self._folder = tempfile.TemporaryDirectory(prefix="nbnebius-replay-")
        return Path(self._folder.name)

    @property
    def is_own_process(self) -> bool:
        """Whether this process opened it; a forked child must leave it alone."""
        return os.getpid() == self._pid

    @property
    def service_name(self) -> str:
        """The service's name, "" where it has not told it yet."""
        if self.replaying is not None:
            return self.replaying.service
        if self._service:
            return self._service.known_name
        return "nebius" if self._endpoint.is_nebius else ""

    @property
    def settled_service(self) -> Service | None:
        """The service, where it knows its name and its models already."""
        self._check_process()
        service = self._service
        return service if service and service.is_settled and not self._closed else None

    @property
    def known_models(self) -> list[ModelRecord]:
        """The models as far as they were read."""
        return self._service.known_models if self._service else []

    def run(
        self,
        work: Callable[[Service], Awaitable[T]],
        *,
        see: Callable[[Event], None] | None = None,
        tick: Callable[[], None] | None = None,
        on_interrupt: Callable[[], bool] | None = None,
    ) -> T:
        """Run async work with the service, and wait for it; see `Bridge.run`."""
        box = Mailbox.painted() if tick else Mailbox()
        return self._bridge.run(
            self._ready(work, box), mailbox=box, see=see, tick=tick, on_interrupt=on_interrupt
        )

    def start(self, work: Callable[[Service], Awaitable[T]], mailbox: Mailbox) -> Task[T]:
        """Start async work with the service and leave it alone; see `Bridge.start`."""
        return self._bridge.start(self._ready(work, mailbox), mailbox)

    def soon(self, function: Callable[[], object]) -> None:
        """Have `function` called on the background loop."""
        self._bridge.soon(function)

    def iterate(self, work: Callable[[Service], Awaitable[T]]) -> Generator[Event, None, T]:
        """Run async work with the service and yield its events; see `Bridge.iterate`."""
        box = Mailbox()
        return self._bridge.iterate(self._ready(work, box), box)

    def _ready(
        self, work: Callable[[Service], Awaitable[T]], box: Mailbox
    ) -> Callable[[], Awaitable[T]]:
        journal = self.journal

        async def ready() -> T:
            _mailbox.set(box)
            if self._service is None:  # on the loop, where nobody can come between
                self._service = Service(
                    self._endpoint,
                    self._config,
                    recorder=journal,
                    observer=tell,
                    max_retries=self._max_retries,
                    timeouts=self._timeouts,
                    replaying=self.replaying,
                )
            return await work(self._service)

        return ready

    def _check_process(self) -> None:
        if not self.is_own_process:
            raise NebiusError(
                "This session was opened in another process",
                why="a forked process must not share its parent's connections",
                hint="call nbnebius.connect() in the child",
            )

    def close(self) -> None:
        """End the work, close connections and the journal; a forked child only forgets them."""
        if not self.is_own_process:
            return
        with self._lock:
            self._closed = True
            journal, self._journal = self._journal, None
        service, self._service = self._service, None
        self._bridge.close(service.client.close if service else None)
        if journal:
            journal.close()
        if self.replaying is not None:
            self.replaying.close()
        if self._folder is not None:
            self._folder.cleanup()
