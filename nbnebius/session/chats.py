"""Chats and text completions of a session."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.events import TextDelta
from nbnebius.journal import kept_place
from nbnebius.session import prepare
from nbnebius.session.asking import Asking
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import call_here, tell
from nbnebius.session.core import Core
from nbnebius.session.prompt import Prompt, as_list, to_messages
from nbnebius.work import ask as ask_work
from nbnebius.work.ask import Answered, Desk, Wish
from nbnebius.work.schema import to_schema

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from nbnebius.results import Reply
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.service import Service
    from nbnebius.work.chat import Asked


class Chats(Core):
    """The part of a session that asks."""

    def prepare_chat(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        system: str | None = None,
        images: Any = None,
        tools: Any = None,
        approve: bool = False,
        schema: Any = None,
        multi: bool = False,
        repair: bool = False,
        **parameters: Any,
    ) -> Prepared:
        """Settle everything about a chat without sending it."""
        messages = to_messages(prompt, system=system or self.config.get("system"), images=images)
        shape = to_schema(schema) if schema is not None else None
        offered = as_list(tools)
        for tool in offered:
            if not (callable(tool) or isinstance(tool, str | Mapping)):
                raise OptionError(
                    f"A {type(tool).__name__} is no tool",
                    hint="give functions, or the command or URL of an MCP server",
                )
        wish = Wish(
            schema=shape.many() if shape and multi else shape,
            repair=repair,
            tools=[tool for tool in offered if callable(tool) or isinstance(tool, Mapping)],
            servers=[tool for tool in offered if isinstance(tool, str)],
            approve=self.asker.confirm if approve else None,
        )
        return self.run(lambda service: prepare.chat(service, messages, model, parameters, wish))

    def prepare_completion(
        self, prompt: str | Sequence[str], *, model: str | None = None, **parameters: Any
    ) -> Prepared:
        """Settle everything about a text completion without sending it."""
        return self.run(lambda service: prepare.completion(service, prompt, model, parameters))

    def ask(
        self,
        prepared: Prepared,
        *,
        stream: bool = False,
        cache: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
    ) -> Reply:
        """Send what was prepared and wait for the whole answer."""
        asking = self._begin(prepared, caller, stream=stream, cache=cache, private=private)
        with asking.keeping_partial():
            reply = asking.reply(self.run(asking.ask, caller))
        if not reply.cached:
            self.say_where_kept(asking.origin, caller)
        return reply

    def bought_by(self, reply: Reply) -> str:
        """Name the cell that bought an answer; "" where the journal does not know it."""
        record = reply.record

        async def read(_: Service) -> str:
            return "" if record is None else await kept_place(self.journal, record)

        return self.run(read)

    def stream(
        self, prepared: Prepared, *, cache: bool = False, private: bool | None = None
    ) -> Generator[str, None, Reply]:
        """Send what was prepared and yield the text; the generator's value is the `Reply`."""
        asking = self._begin(prepared, FUNCTION, stream=True, cache=cache, private=private)
        events = self._connection.iterate(asking.ask)
        with asking.keeping_partial(), closing(events):
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    reply = asking.reply(end.value)
                    break
                if isinstance(event, TextDelta):
                    yield event.text
                else:
                    self.observer(event)
        if not reply.cached:
            self.say_where_kept(asking.origin, FUNCTION)
        return reply

    def _begin(
        self, prepared: Prepared, caller: Caller, *, stream: bool, cache: bool, private: bool | None
    ) -> Asking:
        origin = self.origin_of(prepared, caller, cache=cache, private=private)
        kind: Asked = "completion" if prepared.kind == "completion" else "chat"
        running = ask_work.run(prepared.body, kind, prepared.wish)

        async def ask(service: Service) -> Answered:
            desk = Desk(service.client, self.journal, origin, prepared.price, tell, call_here)
            async with service.explaining("chat", prepared.body["model"]):
                return await ask_work.ask(running, prepared.wish, desk, stream=stream)

        return Asking(running, origin, prepared.wish.schema, ask)

    def chat(
        self,
        prompt: Prompt,
        *,
        stream: bool = False,
        cache: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Reply:
        """Ask once and wait for the whole answer; see `nbnebius.chat`."""
        prepared = self.prepare_chat(prompt, **options)
        return self.ask(prepared, stream=stream, cache=cache, private=private, caller=caller)

    def stream_chat(
        self,
        prompt: Prompt,
        *,
        cache: bool = False,
        private: bool | None = None,
        **options: Any,
    ) -> Generator[str, None, Reply]:
        """Ask once and yield the text as it comes; the generator's value is the `Reply`."""
        return self.stream(self.prepare_chat(prompt, **options), cache=cache, private=private)

    def completion(
        self,
        prompt: str | Sequence[str],
        *,
        stream: bool = False,
        cache: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Reply:
        """Continue a prompt and wait for the whole answer; see `nbnebius.completion`."""
        prepared = self.prepare_completion(prompt, **options)
        return self.ask(prepared, stream=stream, cache=cache, private=private, caller=caller)
