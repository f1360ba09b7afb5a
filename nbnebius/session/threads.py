"""Threads of a session: what a question is sent after, and what becomes of its turn."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.errors import JournalError, OptionError, Stopped, StreamError
from nbnebius.events import Note
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.core import Core
from nbnebius.work.ask import Answered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbnebius.journal import KeptTurn
    from nbnebius.session.asking import Asking
    from nbnebius.work.next_turn import NextTurn

NAME = re.compile(r"[^\W_][\w.-]{0,59}")
OWN, NONE = "notebook", "none"
RESERVED = frozenset({NONE, "off", "all", "drop", "undo", "export", "import"})


def notebook_path() -> Path:
    """Give the notebook's path where the front end tells it, else the working folder."""
    main = sys.modules.get("__main__")
    told = getattr(main, "__vsc_ipynb_file__", None) or os.environ.get("JPY_SESSION_NAME")
    return Path.cwd() / told if isinstance(told, str) and told else Path.cwd()


class Threads(Core):
    """The part of a session that remembers conversations."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._notebook: str | None = None
        # Turns of private calls, by service and thread: they are in no file.
        self._private_turns: dict[tuple[str, str], list[KeptTurn]] = {}

    def thread_named(self, thread: str | bool | None) -> str | None:
        """
        Give a thread's name in the journal; None for no thread.

        Parameters
        ----------
        thread
            A name; ``notebook`` or True for the notebook's own; ``none`` or False for no thread;
            None for what the settings say.

        Raises
        ------
        OptionError
            It is no name.
        """
        if thread is None:
            thread = self.config.get("thread")
        # Not in sets: what cannot be hashed may come.
        if thread in (None, False, NONE, "off"):
            return None
        from nbnebius.work.next_turn import NOTEBOOK

        if thread in (True, OWN):
            self._notebook = self._notebook or f"{NOTEBOOK}{notebook_path()}"
            return self._notebook
        if isinstance(thread, str) and thread.startswith(NOTEBOOK):
            return thread
        if not isinstance(thread, str) or not NAME.fullmatch(thread) or thread in RESERVED:
            raise OptionError(
                f"A thread cannot be called {str(thread)[:60]!r}",
                why="a name has letters, digits, dashes and dots; "
                + ", ".join(sorted(RESERVED))
                + " are taken",
                hint="as --thread main; notebook is the notebook's own thread, none is no thread",
            )
        return thread

    def turns(self, thread: str | bool) -> list[KeptTurn]:
        """Read a thread's turns in order, those in memory included."""
        from nbnebius.journal import read_turns

        name = self.thread_named(thread)
        if name is None:
            raise OptionError("none is no thread", hint="%nebius threads lists them")
        service = self.service_name
        kept = read_turns(self.journal, service, name)
        private = self._private_turns.get((service, name), [])
        return sorted([*kept, *private], key=lambda turn: turn.position)

    def thread_names(self) -> list[str]:
        """List the names of the service's threads, the one that was asked last first."""
        from nbnebius.journal import thread_names

        service = self.service_name
        names = thread_names(self.journal, service)
        private = [name for of, name in self._private_turns if of == service]
        return list(dict.fromkeys([*names, *private]))

    @property
    def service_name(self) -> str:
        """The name of the service; where it has not told it yet, it is asked."""

        async def ask(service: Any) -> str:
            name: str = await service.name()
            return name

        return self._connection.service_name or self.run(ask)

    def next_turn(
        self,
        messages: Sequence[Mapping[str, Any]],
        thread: str,
        caller: Caller = FUNCTION,
        *,
        replacing: int | None = None,
    ) -> NextTurn:
        """Say where a question will stand in a thread, and what is sent with it."""
        from nbnebius.work.next_turn import NextTurn
        from nbnebius.work.thread import own_turn, split_system

        system, asked = split_system(messages)
        if not asked:
            raise OptionError("There is no question", hint="add a message of role user")
        turns = self.turns(thread)
        if replacing is not None:
            own: KeptTurn | None = turns[replacing - 1]
        else:
            session = self.journal.session
            own = own_turn(turns, caller.place, session, lasting=caller.lasting, asked=asked)
        name = self.thread_named(thread)
        assert name is not None
        place = own.place if own and replacing is not None else caller.place
        return NextTurn(self.service_name, name, turns, own, asked, system, place)

    @contextmanager
    def filing(self, asking: Asking, caller: Caller) -> Iterator[None]:
        """Keep what had come of an answer that is cut short as a turn of its thread, marked."""
        try:
            yield
        except (Stopped, StreamError):
            came = asking.running.partial()
            if came is not None and came.text:
                said = [{"role": "assistant", "content": came.text}]
                self.file_turn(asking, Answered(came, said=said), caller)
            raise

    def file_turn(self, asking: Asking, answered: Answered, caller: Caller) -> None:
        """Put an answered question into its thread, and tell what that makes stale."""
        turn = asking.turn
        if turn is None:
            return
        see, private = caller.see or self.observer, asking.origin.private
        kept = turn.answered(
            answered.result,
            answered.said,
            session=self.journal.session,
            private=private,
            now=time.time(),
        )
        try:
            self._put(turn, kept, private=private)
        except JournalError as error:
            see(Note(f"this turn could not be kept in its thread: {error.why or error.what}"))
            return
        for note in _notes(turn, kept):
            see(Note(note))

    def _put(self, turn: NextTurn, kept: KeptTurn, *, private: bool) -> None:
        from nbnebius.journal import forget_turns, keep_turn

        key = turn.service, turn.thread
        others = [t for t in self._private_turns.get(key, []) if t is not turn.own]
        old = turn.own.id if turn.own else None
        if private:
            if old:
                forget_turns(self.journal, [old])
            self._private_turns[key] = [*others, kept]
        else:
            keep_turn(self.journal, turn.service, turn.thread, kept, old=old)
            self._private_turns[key] = others

    def drop_turns(
        self, thread: str | bool, numbers: Sequence[int] = (), *, last: int | None = None
    ) -> int:
        """
        Take turns out of a thread; how many comes back.

        The calls, what they cost and their kept answers stay.

        Parameters
        ----------
        thread
            The thread.
        numbers
            The turns' numbers, from 1; with neither these nor `last`, the whole thread goes.
        last
            So many of the last turns.

        Raises
        ------
        OptionError
            There is no such turn.
        """
        from nbnebius.journal import forget_turns

        turns = self.existing(thread)
        if last is not None:
            if numbers or not 0 < last <= len(turns):
                raise OptionError(
                    f"The last {last} turns cannot be dropped", why=f"it has {len(turns)}"
                )
            numbers = range(len(turns) - last + 1, len(turns) + 1)
        for number in numbers:
            self._check_number(turns, number)
        gone = [turns[number - 1] for number in sorted({*numbers})] if numbers else turns
        forget_turns(self.journal, [turn.id for turn in gone])
        name = self.thread_named(thread)
        assert name is not None
        key = self.service_name, name
        left = [t for t in self._private_turns.pop(key, []) if t not in gone]
        if left:
            self._private_turns[key] = left
        return len(gone)

    def existing(self, thread: str | bool) -> list[KeptTurn]:
        """
        Read the turns of a thread that must have some.

        Raises
        ------
        OptionError
            It has none; the nearest name is given.
        """
        turns = self.turns(thread)
        if not turns:
            from difflib import get_close_matches

            from nbnebius.work.next_turn import NOTEBOOK

            names = [n for n in self.thread_names() if not n.startswith(NOTEBOOK)]
            near = get_close_matches(str(thread), names, n=1)
            raise OptionError(
                "This notebook's own thread has no turns"
                if thread in {True, OWN}
                else f"There is no thread {thread!r}",
                why=f"did you mean {near[0]}?" if near else "",
                hint="%nebius threads lists them; %chat -c or --thread NAME begins one",
            )
        return turns

    def _check_number(self, turns: Sequence[KeptTurn], number: int) -> None:
        if not 1 <= number <= len(turns):
            raise OptionError(
                f"There is no turn {number}",
                why=f"the thread has {len(turns)}",
                hint="%nebius threads NAME shows them",
            )


def _notes(turn: NextTurn, kept: KeptTurn) -> Iterator[str]:
    """Say what a reader of the thread should know of its newest turn."""
    if kept.is_private and turn.is_private:
        yield (
            "this turn is private, as one before it is: it is in memory only, and gone with the "
            "kernel"
        )
    if turn.missing:
        were = "turn before it was" if turn.missing == 1 else "turns before it were"
        yield f"{turn.missing} {were} purged, and not sent"
    stale = turn.stale_after(kept)
    told = ", ".join(map(str, stale))
    if len(stale) == 1:
        yield f"turn {told} is stale: it was asked after the earlier answer; run its cell again"
    elif stale:
        yield (
            f"turns {told} are stale: they were asked after the earlier answer; run their cells "
            "again"
        )
