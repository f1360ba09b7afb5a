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
from nbnebius.session.prompt import Prompt, as_list, to_messages
from nbnebius.session.threads import Threads
from nbnebius.types.record import replace
from nbnebius.work import ask as ask_work
from nbnebius.work.ask import Answered, Desk, Wish

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from nbnebius.catalogs import Work
    from nbnebius.results import Reply
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.service import Service
    from nbnebius.work.chat import Asked


class Chats(Threads):
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
        thread: str | bool | None = None,
        caller: Caller = FUNCTION,
        replacing: int | None = None,
        **parameters: Any,
    ) -> Prepared:
        """
        Settle everything about a chat without sending it.

        With a `thread`, its turns are sent first: those before the turn of the calling cell, or
        before the turn that it is `replacing`. Without one, the settings are not asked for one.
        """
        name = None if thread is None else self.thread_named(thread)
        usual = self.config.get("system")
        messages = to_messages(prompt, system=system if name else system or usual, images=images)
        turn = None
        if name:
            turn = self.next_turn(messages, name, caller, replacing=replacing)
            messages = turn.messages(usual)
        shape = None
        if schema is not None:
            from nbnebius.work.schema import to_schema

            shape = to_schema(schema)
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
        return self.settle(
            lambda service: prepare.chat(service, messages, model, parameters, wish, turn)
        )

    def usual_model(self, kind: Work = "chat") -> str:
        """
        Give the id of the model that is asked where none is named.

        Raises
        ------
        OptionError
            None is set, and the service lists none.
        """
        return self.settle(lambda service: service.model(kind, None))[0]

    def prepare_completion(
        self, prompt: str | Sequence[str], *, model: str | None = None, **parameters: Any
    ) -> Prepared:
        """Settle everything about a text completion without sending it."""
        return self.settle(lambda service: prepare.completion(service, prompt, model, parameters))

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
        with self.filing(asking, caller), asking.keeping_partial():
            answered = self.run(asking.ask, caller)
            reply = asking.reply(answered)
        self.file_turn(asking, answered, caller)
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
        with self.filing(asking, FUNCTION), asking.keeping_partial(), closing(events):
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    answered = end.value
                    reply = asking.reply(answered)
                    break
                if isinstance(event, TextDelta):
                    yield event.text
                else:
                    self.observer(event)
        self.file_turn(asking, answered, FUNCTION)
        if not reply.cached:
            self.say_where_kept(asking.origin, FUNCTION)
        return reply

    def _begin(
        self, prepared: Prepared, caller: Caller, *, stream: bool, cache: bool, private: bool | None
    ) -> Asking:
        turn = prepared.turn
        if turn and turn.is_private:
            private = True  # what is sent before it may not be on disk
        origin = self.origin_of(prepared, caller, cache=cache, private=private)
        if turn:
            origin = replace(origin, thread=turn.thread, turn=turn.number)
        kind: Asked = "completion" if prepared.kind == "completion" else "chat"
        running = ask_work.run(prepared.body, kind, prepared.wish)

        async def ask(service: Service) -> Answered:
            desk = Desk(service.client, self.journal, origin, prepared.price, tell, call_here)
            async with service.explaining("chat", prepared.body["model"]):
                return await ask_work.ask(running, prepared.wish, desk, stream=stream)

        return Asking(running, origin, prepared.wish.schema, ask, turn)

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
        prepared = self.prepare_chat(prompt, caller=caller, **options)
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
