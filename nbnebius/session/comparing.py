"""One prompt for several models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError, Stopped
from nbnebius.session import prepare
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.chats import Chats
from nbnebius.session.connection import call_here, tell
from nbnebius.work import ask as ask_work
from nbnebius.work.ask import Answered, Desk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbnebius.events import Observer
    from nbnebius.results.comparison import Comparison
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.prompt import Prompt
    from nbnebius.session.service import Service
    from nbnebius.work.compare import Entry


# Arguments of a chat that are no fields of the request.
CHATS_OWN = ("thread", "tools", "approve", "multi", "repair", "caller", "replacing")


class Comparing(Chats):
    """The part of a session that asks several models the same."""

    def prepare_compare(
        self,
        prompt: Prompt,
        models: Iterable[str],
        *,
        system: str | None = None,
        images: Any = None,
        schema: Any = None,
        **parameters: Any,
    ) -> list[Prepared]:
        """Settle everything about a comparison without sending it: a request for each model."""
        from nbnebius.frames.compare import clashes
        from nbnebius.work.schema import to_schema

        named = _named(models)
        if word := next((each for each in CHATS_OWN if each in parameters), None):
            raise OptionError(f"compare takes no {word}", hint="chat takes it, a model at a time")
        shape = to_schema(schema) if schema is not None else None
        if shape and (taken := clashes(shape.json)):
            raise OptionError(
                f"The schema cannot have a field {taken[0]!r}",
                why="the frame of a comparison has a column of that name",
                hint=f"call it answer_{taken[0]}",
            )
        first = self.prepare_chat(
            prompt, model=named[0], system=system, images=images, schema=shape, **parameters
        )
        messages = first.body["messages"]

        async def others(service: Service) -> list[Prepared]:
            return [
                await prepare.chat(service, messages, model, parameters, first.wish)
                for model in named[1:]
            ]

        prepared = [first, *self.run(others)]
        _refuse_twins(named, prepared)
        return prepared

    def run_compare(
        self,
        prepared: Sequence[Prepared],
        *,
        cache: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
    ) -> Comparison:
        """
        Ask all at once, each through the journal like a chat of its own.

        Raises
        ------
        Stopped
            The user interrupted; ``.frame`` holds what had come, ``.job`` the `Comparison`.
        """
        from nbnebius.results.comparison import Comparison
        from nbnebius.work.compare import Entry
        from nbnebius.work.compare import compare as compare_models

        entries = [Entry(number, one.body, one.wish) for number, one in enumerate(prepared)]
        origins = [self.origin_of(one, caller, cache=cache, private=private) for one in prepared]

        async def work(service: Service) -> None:
            async def ask(entry: Entry, see: Observer) -> Answered:
                price, origin = prepared[entry.number].price, origins[entry.number]
                desk = Desk(service.client, self.journal, origin, price, see, call_here)
                assert entry.running is not None
                async with service.explaining("chat", entry.model):
                    return await ask_work.ask(entry.running, entry.wish, desk, stream=True)

            await compare_models(entries, ask, tell)

        schema = prepared[0].wish.schema
        try:
            self.run(work, caller)
        except Stopped as stopped:
            stopped.job = Comparison(entries, schema)
            stopped.frame = stopped.job.frame()
            stopped.why = "what had come by then is kept, in .frame"
            raise
        comparison = Comparison(entries, schema)
        if any(reply and not reply.cached for reply in comparison.replies):
            self.say_where_kept(origins[0], caller)
        return comparison


def _named(models: Iterable[str]) -> list[str]:
    """Check the list of models."""
    hint = "name each with its own -m; %models --type chat lists them"
    named = [models] if isinstance(models, str) else list(models)
    if not named:
        raise OptionError("No model is named", hint=hint)
    for model in named:
        if not str(model).strip():
            raise OptionError("A model's id is empty", hint=hint)
        if named.count(model) > 1:
            raise OptionError(f"{model} is named more than once", why="it would be asked the same")
    return named


def _refuse_twins(named: Sequence[str], prepared: Sequence[Prepared]) -> None:
    """Raise where two names are one model's: an alias and its id."""
    first: dict[str, str] = {}
    for name, one in zip(named, prepared, strict=True):
        model = str(one.body["model"])
        if (other := first.setdefault(model, name)) != name:
            raise OptionError(
                f"{other} and {name} are the same model",
                why=f"both are {model}, which would be asked the same twice",
            )
