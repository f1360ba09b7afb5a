"""
`Session`: settings, bridge, journal and client in one hand, with sync methods of a few lines.

It only composes: it settles the defaults, calls one async function of the work, and wraps the
record that comes back.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.bridge import Bridge, Mailbox
from nbnebius.errors import NebiusError
from nbnebius.events import Event, Note, TextDelta
from nbnebius.journal import Journal, Spend, settle_orphans, spent, tell_once
from nbnebius.results import Gallery, Picture, Reply
from nbnebius.session import prepare
from nbnebius.session.asking import Asking
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.prompt import Prompt, to_messages
from nbnebius.session.saving import save_picture
from nbnebius.session.service import Service
from nbnebius.session.texts import Texts, read_texts
from nbnebius.settings import Config, Endpoint, home
from nbnebius.transport import Timeouts
from nbnebius.work import chat as chat_work
from nbnebius.work import images as image_work
from nbnebius.work.embed import embed
from nbnebius.work.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    import pandas as pd

    from nbnebius.session.prepare import Prepared
    from nbnebius.types.answers import ChatResult, EmbeddingResult, PictureResult
    from nbnebius.types.model import ModelRecord

T = TypeVar("T")


class Session:
    """
    One connection to one service, with its journal.

    Parameters
    ----------
    endpoint
        The address and the key.
    config
        The defaults; read from the user's and the project's files if left out.
    max_retries
        How often a request that was not billed is sent again.
    timeouts
        Seconds to wait for a connection, a first byte, the next piece.
    """

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
        self.observer: Callable[[Event], None] = _to_stderr
        self._max_retries = max_retries
        self._timeouts = timeouts or Timeouts()
        self._bridge = Bridge()
        self._journal: Journal | None = None
        self._service: Service | None = None
        self._mailbox = Mailbox()
        self._on_close: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"Session({self.endpoint.base_url!r})"

    @property
    def journal(self) -> Journal:
        """The journal, opened at first use."""
        if self._journal is None:
            self._journal = Journal(home() / "journal.sqlite")
            settle_orphans(self._journal)
            if self._journal.writer.note:
                self.observer(Note(self._journal.writer.note))
        return self._journal

    def close(self) -> None:
        """Close connections and the journal; a session is not used again after that."""
        service, self._service = self._service, None
        self._bridge.close(service.client.close if service else None)
        if self._journal:
            self._journal.close()
            self._journal = None
        for action in self._on_close:
            action()
        self._on_close.clear()

    def at_close(self, action: Callable[[], None]) -> None:
        """Have `action` called when the session is closed."""
        self._on_close.append(action)

    def spent(self, *, session: str | None = None) -> Spend:
        """Sum what this session (or all, with ``session=None``) spent, from the journal."""
        return spent(self.journal, session=session)

    @property
    def kept_in(self) -> str:
        """Where answers are kept, for people to read."""
        return _short(self.journal.path)

    def chosen_model(self, kind: str) -> str | None:
        """Give the model that was chosen for a kind of work, if one was; no network."""
        name = self._service.known_name if self._service else ""
        name = name or ("nebius" if self.endpoint.is_nebius else "")
        return self.config.chosen(name, kind) if name else None

    def run(self, work: Callable[[Service], Awaitable[T]], caller: Caller = FUNCTION) -> T:
        """Run async work with the service, and wait for it."""
        # One wait at a time has the ear; the client's own events go to it.
        box = self._mailbox = Mailbox()
        see = caller.see or self.observer
        return self._bridge.run(self._with_service(work), mailbox=box, see=see, tick=caller.tick)

    def _with_service(self, work: Callable[[Service], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
        journal = self.journal

        async def with_service() -> T:
            if self._service is None:
                self._service = Service(
                    self.endpoint,
                    self.config,
                    recorder=journal,
                    observer=self._hear,
                    max_retries=self._max_retries,
                    timeouts=self._timeouts,
                )
            return await work(self._service)

        return with_service

    def _hear(self, event: Event) -> None:
        self._mailbox(event)

    # -- chat ------------------------------------------------------------------------------

    def prepare_chat(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        system: str | None = None,
        images: Any = None,
        **parameters: Any,
    ) -> Prepared:
        """Settle everything about a chat without sending it."""
        messages = to_messages(prompt, system=system or self.config.get("system"), images=images)
        return self.run(lambda service: prepare.chat(service, messages, model, parameters))

    def begin_chat(
        self,
        prompt: Prompt,
        *,
        stream: bool,
        cache: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Asking:
        """Settle a chat and give the work that asks it."""
        prepared = self.prepare_chat(prompt, **options)
        origin = self._origin(prepared, caller, cache=cache, private=private)
        running = chat_work.run(prepared.body)

        async def ask(service: Service) -> ChatResult:
            try:
                return await chat_work.chat(
                    running,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    stream=stream,
                    observer=self._hear,
                )
            except NebiusError as error:
                raise await service.explain(error, "chat", prepared.body["model"]) from None

        return Asking(running, origin, ask)

    def chat(
        self,
        prompt: Prompt,
        *,
        stream: bool = False,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Reply:
        """Ask once and wait for the whole answer; see `nbnebius.chat`."""
        asking = self.begin_chat(prompt, stream=stream, caller=caller, **options)
        with asking.keeping_partial():
            reply = Reply(self.run(asking.ask, caller))
        if not reply.cached:
            self._say_where_kept(asking.origin, caller)
        return reply

    def stream_chat(self, prompt: Prompt, **options: Any) -> Generator[str, None, Reply]:
        """Ask once and yield the text as it comes; the generator's value is the `Reply`."""
        asking = self.begin_chat(prompt, stream=True, **options)
        box = self._mailbox = Mailbox()
        events = self._bridge.iterate(self._with_service(asking.ask), box)
        with asking.keeping_partial():
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    reply = Reply(end.value)
                    break
                except GeneratorExit:
                    events.close()
                    raise
                if isinstance(event, TextDelta):
                    yield event.text
                else:
                    self.observer(event)
        if not reply.cached:
            self._say_where_kept(asking.origin, FUNCTION)
        return reply

    # -- embeddings ------------------------------------------------------------------------

    def prepare_embed(
        self, texts: Texts, *, model: str | None = None, dimensions: int | None = None
    ) -> Prepared:
        """Settle everything about an embedding request without sending it."""
        return self.run(lambda service: prepare.embedding(service, texts.texts, model, dimensions))

    def embed(
        self,
        texts: Any,
        *,
        model: str | None = None,
        dimensions: int | None = None,
        column: str | None = None,
        private: bool | None = None,
        caller: Caller = FUNCTION,
    ) -> pd.DataFrame:
        """Turn texts into vectors; see `nbnebius.embed`."""
        from nbnebius.frames.embeddings import embedding_frame

        read = read_texts(texts, column)
        prepared = self.prepare_embed(read, model=model, dimensions=dimensions)
        origin = self._origin(prepared, caller, cache=True, private=private)

        async def work(service: Service) -> EmbeddingResult:
            try:
                return await embed(
                    read.texts,
                    model=prepared.body["model"],
                    dimensions=dimensions,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    observer=self._hear,
                )
            except NebiusError as error:
                raise await service.explain(error, "embedding", prepared.body["model"]) from None

        result = self.run(work, caller)
        if not all(result.cached):
            self._say_where_kept(origin, caller)
        return embedding_frame(read.frame, result)

    # -- images ----------------------------------------------------------------------------

    def prepare_image(self, prompt: str, **options: Any) -> Prepared:
        """Settle everything about an image request without sending it."""
        return self.run(lambda service: prepare.image(service, prompt, **options))

    def image(
        self,
        prompt: str,
        *,
        save: str | Path | bool | None = None,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Gallery:
        """Draw pictures; see `nbnebius.image`."""
        prepared = self.prepare_image(prompt, **options)
        origin = self._origin(prepared, caller, cache=False, private=private)

        async def work(service: Service) -> list[PictureResult]:
            try:
                return await image_work.draw(
                    prepared.body,
                    prepared.count,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    observer=self._hear,
                )
            except NebiusError as error:
                raise await service.explain(error, "image", prepared.body["model"]) from None

        results = self.run(work, caller)
        if not all(r.kept_at for r in results):
            self._say_where_kept(origin, caller)
        return Gallery([Picture(r, save_picture(r, save)) for r in results])

    # -- models ----------------------------------------------------------------------------

    def models(self, *, refresh: bool = True, caller: Caller = FUNCTION) -> list[ModelRecord]:
        """List the service's models; see `nbnebius.models`."""

        async def work(service: Service) -> list[ModelRecord]:
            return (await service.catalog(refresh=refresh)).records

        return self.run(work, caller)

    # -- shared ----------------------------------------------------------------------------

    def _origin(
        self, prepared: Prepared, caller: Caller, *, cache: bool, private: bool | None
    ) -> Origin:
        secret = self.config.get("private") if private is None else private
        origin = Origin(prepared.service, caller.place, bool(secret))
        if secret:
            return origin
        if caller.reuse is not None:
            return replace(origin, reuse=caller.reuse, shared=True)
        return replace(origin, reuse="always" if cache else "never", shared=cache or caller.shared)

    def _say_where_kept(self, origin: Origin, caller: Caller) -> None:
        if not origin.private and tell_once(self.journal, "where-kept"):
            see = caller.see or self.observer
            see(
                Note(
                    f"answers are kept in {self.kept_in}, so that none is bought "
                    "twice; %nebius private on turns that off"
                )
            )


def _short(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)


def _to_stderr(event: Event) -> None:
    """Tell notes to a terminal; a notebook's magics show events themselves."""
    if isinstance(event, Note):
        sys.stderr.write(f"nbnebius: {event.text}\n")
