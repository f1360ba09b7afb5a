"""
`Session`: settings, bridge, journal and client in one hand, with sync methods of a few lines.

It only composes: it settles the defaults, calls one async function of the work, and wraps the
record that comes back.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.events import TextDelta
from nbnebius.journal import spent
from nbnebius.results import Gallery, Picture, Reply
from nbnebius.session import prepare, telling
from nbnebius.session.asker import ConsoleAsker
from nbnebius.session.asking import Asking, stopped
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import Connection, tell
from nbnebius.session.prompt import Prompt, to_messages
from nbnebius.session.saving import save_picture
from nbnebius.session.texts import Texts, read_texts
from nbnebius.settings import Config
from nbnebius.transport import Timeouts
from nbnebius.work import chat as chat_work
from nbnebius.work import images as image_work
from nbnebius.work.embed import embed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from pathlib import Path

    import pandas as pd

    from nbnebius.events import Asker, Event
    from nbnebius.journal import Journal, Spend
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.service import Service
    from nbnebius.settings import Endpoint
    from nbnebius.types.answers import ChatResult, EmbeddingResult, PictureResult
    from nbnebius.types.model import ModelRecord
    from nbnebius.work.origin import Origin

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
        self.observer: Callable[[Event], None] = telling.to_stderr
        self.asker: Asker = ConsoleAsker()
        self._connection = Connection(
            endpoint, self.config, max_retries=max_retries, timeouts=timeouts or Timeouts()
        )
        self._told = False
        self._on_close: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"Session({self.endpoint.base_url!r})"

    @property
    def journal(self) -> Journal:
        """The journal, opened at first use."""
        return self._connection.journal

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

    def spent(self, *, session: str | None = None) -> Spend:
        """Sum what this session (or all, with ``session=None``) spent, from the journal."""
        return spent(self.journal, session=session)

    @property
    def kept_in(self) -> str:
        """Where answers are kept, for people to read."""
        return telling.short(self.journal.path)

    def chosen_model(self, kind: str) -> str | None:
        """Give the model that was chosen for a kind of work, if one was; no network."""
        name = self._connection.service_name
        return self.config.chosen(name, kind) if name else None

    def run(self, work: Callable[[Service], Awaitable[T]], caller: Caller = FUNCTION) -> T:
        """Run async work with the service, and wait for it."""
        see = caller.see or self.observer
        self._tell_first(see)
        try:
            return self._connection.run(work, see=see, tick=caller.tick)
        except KeyboardInterrupt:
            raise stopped(None) from None

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
            async with service.explaining("chat", prepared.body["model"]):
                return await chat_work.chat(
                    running,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    stream=stream,
                    observer=tell,
                )

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
        events = self._connection.iterate(asking.ask)
        with asking.keeping_partial(), closing(events):
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    reply = Reply(end.value)
                    break
                if isinstance(event, TextDelta):
                    yield event.text
                else:
                    self.observer(event)
        if not reply.cached:
            self._say_where_kept(asking.origin, FUNCTION)
        return reply

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
            async with service.explaining("embedding", prepared.body["model"]):
                return await embed(
                    read.texts,
                    model=prepared.body["model"],
                    dimensions=dimensions,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    observer=tell,
                )

        result = self.run(work, caller)
        if not all(result.cached):
            self._say_where_kept(origin, caller)
        return embedding_frame(read.frame, result)

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
            async with service.explaining("image", prepared.body["model"]):
                return await image_work.draw(
                    prepared.body,
                    prepared.count,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    observer=tell,
                )

        results = self.run(work, caller)
        if not all(r.kept_at for r in results):
            self._say_where_kept(origin, caller)
        saved = [save_picture(result, save, private=origin.private) for result in results]
        pictures = [Picture(*each) for each in zip(results, saved, strict=True)]
        return Gallery(pictures, missing=prepared.count - len(pictures))

    def models(self, *, refresh: bool = True, caller: Caller = FUNCTION) -> list[ModelRecord]:
        """List the service's models; see `nbnebius.models`."""
        return self.run(lambda service: service.catalog(refresh=refresh), caller).records

    def _origin(
        self, prepared: Prepared, caller: Caller, *, cache: bool, private: bool | None
    ) -> Origin:
        secret = self.config.get("private") if private is None else private
        return caller.origin(prepared.service, cache=cache, private=bool(secret))

    def _tell_first(self, see: Callable[[Event], None]) -> None:
        if not self._told:
            self._told = True
            for note in telling.at_first(self.endpoint, self.journal):
                see(note)

    def _say_where_kept(self, origin: Origin, caller: Caller) -> None:
        if not origin.private and (note := telling.where_kept(self.journal)):
            (caller.see or self.observer)(note)
