"""Threads as their user looks at them: lists, transcripts, files, and another try."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.errors import OptionError
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.chats import Chats
from nbnebius.session.threads import OWN
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.journal import KeptTurn, ThreadSum
    from nbnebius.results import Reply

N = TypeVar("N", int, float)


class ThreadRow(Record, frozen=True):
    """One thread, as `nbnebius.frames.threads.threads_frame` shows it."""

    name: str
    turns: int
    stale: int
    gone: int
    private: int
    model: str | None
    tokens: int | None
    cost: float | None
    asked: float


class TurnRow(Record, frozen=True):
    """
    One turn, as `nbnebius.frames.threads.turns_frame` shows it; `asked` is in seconds.

    Besides, the `system` prompt it was given, and the URLs of the `pictures` in its question.
    """

    turn: int
    question: str | None
    answer: str | None
    state: str
    stale: bool
    private: bool
    model: str | None
    tokens: int | None
    cost: float | None
    asked: float
    system: str | None = None
    pictures: tuple[str, ...] = ()


class Conversations(Chats):
    """The part of a session that shows, keeps and mends conversations."""

    def threads(self) -> list[ThreadRow]:
        """List the threads of the service, the one that was asked last first."""
        from nbnebius.journal import thread_sums
        from nbnebius.work.thread import stale_ones

        sums = thread_sums(self.journal, self.service_name)
        own = self.thread_named(OWN)
        found = []
        for name in self.thread_names():
            turns = self.turns(name)
            tokens, cost = _total(turns, sums.get(name))
            found.append(
                ThreadRow(
                    name=OWN if name == own else name,
                    turns=len(turns),
                    stale=sum(stale_ones(turns)),
                    gone=sum(turn.said is None for turn in turns),
                    private=sum(turn.is_private for turn in turns),
                    model=turns[-1].model or None,
                    tokens=tokens,
                    cost=cost,
                    asked=max(turn.asked_at for turn in turns),
                )
            )
        return found

    def thread_total(self, thread: str | bool) -> tuple[int | None, float | None]:
        """Sum the tokens and USD of a thread's calls, those of replaced turns included."""
        from nbnebius.journal import thread_sums

        sums = thread_sums(self.journal, self.service_name)
        return _total(self.turns(thread), sums.get(self.thread_named(thread) or ""))

    def turn_rows(self, thread: str | bool) -> list[TurnRow]:
        """List the turns of one thread, with their texts."""
        from nbnebius.work.thread import stale_ones

        turns = self.existing(thread)
        return [
            _row(number, turn, stale=stale)
            for number, (turn, stale) in enumerate(zip(turns, stale_ones(turns), strict=True), 1)
        ]

    def thread_table(self) -> pd.DataFrame:
        """Give the threads as a frame; see `nbnebius.threads`."""
        from nbnebius.frames.threads import threads_frame

        return threads_frame(self.threads())

    def turn_table(self, thread: str) -> pd.DataFrame:
        """Give the turns of one thread as a frame; see `nbnebius.threads`."""
        from nbnebius.frames.threads import turns_frame

        return turns_frame(self.turn_rows(thread))

    def ask_again(
        self,
        thread: str | bool,
        number: int,
        prompt: str | None = None,
        *,
        stream: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Reply:
        """
        Ask a turn's question again, or another one in its place; the new answer replaces it.

        Parameters
        ----------
        thread, number
            The thread and the turn's number, from 1.
        prompt
            Another question; left out, the same one.
        stream
            Tell the answer's pieces as they come.
        private
            As of `nbnebius.chat`; a private turn stays so.
        caller
            Who asks, and sees the pieces.
        **options
            As of `nbnebius.chat`; the model is the turn's own if none is named.

        Raises
        ------
        OptionError
            There is no such turn, or what it asked was purged and no other question is given.
        """
        from nbnebius.work.thread import question_of, said_in

        turns = self.existing(thread)
        self._check_number(turns, number)
        old = turns[number - 1]
        said = said_in(old)
        question = list(question_of(said)) if prompt is None else prompt
        if not question:
            raise OptionError(
                f"What turn {number} asked was purged", hint="give another question as prompt"
            )
        options.setdefault("model", old.model or None)
        options.setdefault("system", said.system)
        prepared = self.prepare_chat(
            question, thread=self.thread_named(thread), replacing=number, **options
        )
        hidden = True if old.is_private else private
        return self.ask(prepared, stream=stream, private=hidden, caller=caller)

    def export_thread(self, thread: str | bool, path: str | Path) -> int:
        """
        Write a thread into a file, for others or for later; how many turns comes back.

        Parameters
        ----------
        thread
            The thread.
        path
            A new file: Markdown where it ends in ``.md``, else JSON, whose ``messages`` are those
            of the API. Turns that are in memory only, or were purged, are left out.

        Raises
        ------
        OptionError
            There is no such thread, nothing of it can be written, or the file is there already.
        """
        from nbnebius.session.thread_files import write_thread
        from nbnebius.work.next_turn import NOTEBOOK

        turns = self.existing(thread)
        told = [turn for turn in turns if turn.said is not None and not turn.is_private]
        if not told:
            raise OptionError(
                "Nothing of this thread can be written",
                why="its turns are private, or were purged",
            )
        name = self.thread_named(thread) or ""
        write_thread(Path(path).expanduser(), OWN if name.startswith(NOTEBOOK) else name, told)
        return len(told)

    def import_thread(self, path: str | Path, thread: str | bool | None = None) -> tuple[str, int]:
        """
        Read a thread from a JSON file; its name and how many turns it has come back.

        Parameters
        ----------
        path
            A file of `export_thread`, or any JSON with a list of messages as the API has them.
        thread
            What it is called here; the name in the file, or the file's own, if left out.

        Raises
        ------
        OptionError
            The file is none of these, or there is a thread of that name already.
        """
        from nbnebius.journal import keep_turn
        from nbnebius.session.thread_files import read_thread
        from nbnebius.work.next_turn import NOTEBOOK

        file = Path(path).expanduser()
        told, turns = read_thread(file, session=self.journal.session)
        name = self.thread_named(thread if thread is not None else told)
        if name is None:
            raise OptionError("An imported thread needs a name", hint="give one after the file")
        if there := len(self.turns(name)):
            raise OptionError(
                f"There is a thread {told if thread is None else thread!r} already",
                why=f"it has {there} turn{'' if there == 1 else 's'}",
                hint="give another name after the file",
            )
        for turn in turns:
            keep_turn(self.journal, self.service_name, name, turn)
        return (OWN if name.startswith(NOTEBOOK) else name), len(turns)


def _total(turns: Sequence[KeptTurn], told: ThreadSum | None) -> tuple[int | None, float | None]:
    """Add the calls that name no thread, being private, to those that do."""
    private = [turn for turn in turns if turn.is_private]
    return (
        _sum([told.tokens if told else None, *(turn.tokens for turn in private)]),
        _sum([told.cost if told else None, *(turn.cost for turn in private)]),
    )


def _sum(amounts: Sequence[N | None]) -> N | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known[1:], known[0]) if known else None


def _row(number: int, turn: KeptTurn, *, stale: bool) -> TurnRow:
    from nbnebius.work.thread import answer_of, pictures_in, question_of, said_in, text_of

    said = said_in(turn)
    gone = turn.said is None
    return TurnRow(
        turn=number,
        question=None if gone else text_of(question_of(said)),
        answer=None if gone else answer_of(said),
        state="gone" if gone else turn.state,
        stale=stale,
        private=turn.is_private,
        model=turn.model or None,
        tokens=turn.tokens,
        cost=turn.cost,
        asked=turn.asked_at,
        system=said.system,
        pictures=pictures_in(question_of(said)),
    )
