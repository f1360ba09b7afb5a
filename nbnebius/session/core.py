"""What every part of a session stands on: one connection, and what is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.bridge import at_once
from nbnebius.events import Interlude
from nbnebius.journal import spent
from nbnebius.session import telling
from nbnebius.session.asker import ConsoleAsker
from nbnebius.session.asking import stopped
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import Connection
from nbnebius.settings import Config
from nbnebius.transport import Timeouts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from pathlib import Path

    from nbnebius.events import Asker, Event
    from nbnebius.journal import Journal, Spend
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.service import Service
    from nbnebius.settings import Endpoint
    from nbnebius.transport.tape import Replaying
    from nbnebius.types.model import ModelRecord
    from nbnebius.work.origin import Origin

T = TypeVar("T")


class Core:
    """What every part of a session needs; its arguments are those of `Session`."""

    def __init__(
        self,
        endpoint: Endpoint,
        config: Config | None = None,
        *,
        max_retries: int = 8,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.config = config or Config()
        self.observer: Callable[[Event], None] = telling.Teller()
        self.asker: Asker = ConsoleAsker()
        self.project: str | None = None
        self._max_retries, self._timeouts = max_retries, timeouts or Timeouts()
        self._connection = self._connect()
        self._told = False
        self._on_close: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"Session({self.endpoint.base_url!r})"

    def _connect(self, replaying: Replaying | None = None) -> Connection:
        return Connection(
            self.endpoint,
            self.config,
            max_retries=self._max_retries,
            timeouts=self._timeouts,
            replaying=replaying,
        )

    @property
    def replays(self) -> Path | None:
        """The recording that answers in the service's place, if one does."""
        replaying = self._connection.replaying
        return replaying.path if replaying else None

    @property
    def journal(self) -> Journal:
        """The journal, opened at first use."""
        return self._connection.journal

    @property
    def is_at_work(self) -> bool:
        """Whether its journal is open and its service known, so that reading needs no network."""
        return self._connection.is_open and bool(self._connection.service_name)

    def close(self) -> None:
        """Close connections and the journal; a session is not used again after that."""
        if not self._connection.is_own_process:
            return  # what a forked child would end is its parent's
        self._connection.close()
        while self._on_close:
            self._on_close.pop()()

    def at_close(self, action: Callable[[], None]) -> None:
        """Have `action` called when the session is closed."""
        self._on_close.append(action)

    @property
    def is_sandbox(self) -> bool | None:
        """Whether its money is play money; None where a server here has not told its name yet."""
        name = self._connection.service_name
        if name:
            return name.startswith("sandbox:")
        return None if self.endpoint.is_loopback else False

    def spent(self, *, session: str | None = None) -> Spend:
        """
        Sum what this session (or all, with ``session=None``) spent, from the journal.

        A sandbox's play money is summed apart from real money.
        """
        return spent(self.journal, session=session, sandbox=self.is_sandbox)

    @property
    def kept_in(self) -> str:
        """Where answers are kept, for people to read."""
        return telling.short(self.journal.path)

    def known_models(self) -> list[ModelRecord]:
        """Give the models as far as they were read; no network."""
        return self._connection.known_models

    def chosen_model(self, kind: str) -> str | None:
        """Give the model that was chosen for a kind of work, if one was; no network."""
        name = self._connection.service_name
        return self.config.chosen(name, kind) if name else None

    def run(
        self,
        work: Callable[[Service], Awaitable[T]],
        caller: Caller = FUNCTION,
        *,
        on_interrupt: Callable[[], bool] | None = None,
    ) -> T:
        """Run async work with the service, and wait for it; see `Bridge.run`."""
        see = caller.see or self.observer
        self._tell_first(see)
        self.before_call()
        try:
            return self._connection.run(work, see=see, tick=caller.tick, on_interrupt=on_interrupt)
        except KeyboardInterrupt:
            raise stopped(None) from None
        finally:
            see(Interlude())

    def settle(self, work: Callable[[Service], Coroutine[Any, Any, T]]) -> T:
        """
        Run what settles a request before it is sent, and reads nothing but the catalog.

        Where that was read, nothing has to be waited for, and the way to the loop is saved.
        """
        service = self._connection.settled_service
        if service is None:
            return self.run(work)
        self._tell_first(self.observer)
        self.before_call()
        return at_once(work(service))

    def before_call(self) -> None:
        """Do what has to be done before any work begins."""

    def origin_of(
        self, prepared: Prepared, caller: Caller, *, cache: bool, private: bool | None
    ) -> Origin:
        """Say who asks, and what may be shown instead of asking."""
        secret = self.config.get("private") if private is None else private
        return caller.origin(prepared.service, cache=cache, private=bool(secret))

    def _tell_first(self, see: Callable[[Event], None]) -> None:
        if not self._told:
            self._told = True
            for note in telling.at_first(self.endpoint, self.journal):
                see(note)

    def say_where_kept(self, origin: Origin, caller: Caller) -> None:
        """Tell once, after the first billed call, where answers are kept."""
        if (
            self.replays is None
            and not origin.private
            and (note := telling.where_kept(self.journal))
        ):
            (caller.see or self.observer)(note)
