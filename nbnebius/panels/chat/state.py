"""A conversation, as plain Python."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError, Stopped, StreamError
from nbnebius.events import ReasoningDelta, TextDelta
from nbnebius.panels.chat.cell import chat_cell, parameters_of
from nbnebius.panels.chat.entries import (
    Asked,
    Entry,
    asked_entry,
    pictures_of,
    question_of,
    turn_entry,
)
from nbnebius.panels.chat.pictures import Picture, named, uploaded
from nbnebius.panels.chat.threads import ThreadState
from nbnebius.panels.model_choice import ModelChoice
from nbnebius.rendering.stream import StreamView
from nbnebius.session import default_session
from nbnebius.session.threads import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.events import Event
    from nbnebius.results import Reply
    from nbnebius.session import Caller, Session


class ChatState(ThreadState):
    """
    A thread, the question that is asked, and what the next one is asked with.

    Attributes
    ----------
    models
        The catalog, and the chosen model.
    asked
        The question that is asked just now, or the last one where no answer came.
    system
        A system prompt for the next question; the thread's own stays where it is empty.
    parameters
        Temperature and the like, as typed; what is empty is left to the model.
    pictures
        What goes with the next question.
    editing
        The number of the turn whose place the next question takes.
    draft, drafts
        What stands in the question's box, and how often it was put there.
    """

    # Who presses Send wants an answer to this question, not the one of another day.
    reuse = "never"

    def __init__(self) -> None:
        super().__init__()
        self.models = ModelChoice("chat")
        self.asked: Asked | None = None
        self.system = ""
        self.parameters: dict[str, str] = {}
        self.pictures: tuple[Picture, ...] = ()
        self.editing: int | None = None
        self.draft, self.drafts = "", 0
        self._view: StreamView | None = None
        self._reasoning: dict[float, str] = {}  # by the moment a turn was asked

    def open(self) -> None:
        """Read the catalog and the thread that the settings name, else the notebook's own."""

        def work(_: Caller) -> None:
            session = default_session()
            name = session.thread_named(None)
            self.thread = OWN if name in {None, session.thread_named(OWN)} else str(name)
            self.models.read(session)
            self.read(session)

        self.start("reading the models and the thread", work)

    def refresh(self) -> None:
        """Read the thread again, as cells may go on with it; and a catalog that is lacking."""

        def work(_: Caller) -> None:
            session = default_session()
            if not self.models.records:
                self.models.read(session)
            self.read(session)

        self.start("reading the thread", work)

    def pick(self, model: str) -> None:
        """Choose a model."""
        self.models.model = model
        self.changed()

    def narrow(self, text: str) -> None:
        """Narrow the list of models."""
        self.models.narrow(text)
        self.changed()

    def set(self, name: str, text: str) -> None:
        """Set temperature, max_tokens, top_p or seed, as typed."""
        self.parameters[name] = text

        def check() -> None:
            parameters_of({name: text})

        self.attempt(check)

    def attach(self, name: str) -> None:
        """Add pictures by a variable's name, a path or a web address."""
        if name.strip():
            self.attempt(lambda: self._add(*named(name)))

    def upload(self, files: Mapping[str, bytes]) -> None:
        """Add files that the user chose: their bytes by name."""
        self.attempt(lambda: self._add(*(uploaded(name, data) for name, data in files.items())))

    def _add(self, *pictures: Picture) -> None:
        self.pictures = (*self.pictures, *pictures)

    def detach(self) -> None:
        """Take all pictures off again."""
        self.pictures = ()
        self.changed()

    def send(self, text: str) -> bool:
        """Ask; the box is emptied once the question is on its way."""
        if not text.strip():
            return False
        began = self._ask(Asked(text.strip(), self.pictures, self.editing))
        if began:
            self._put("", (), None)
        return began

    def again(self, number: int) -> bool:
        """Ask a turn's question again, of the model that is chosen now; its answer is replaced."""
        asked = self._asked_at(number)
        if asked is not None:
            return self._ask(replace(asked, failed=False, html=""))
        row = self.rows[number - 1]
        if row.question is None:
            self.attempt(_purged)
            return False
        return self._ask(Asked(question_of(row), pictures_of(row), number, again=True))

    def edit(self, number: int) -> None:
        """Put a turn's question into the box; Send asks it in that turn's place."""
        asked = self._asked_at(number)
        if asked is None:
            row = self.rows[number - 1]
            text = "" if row.question is None else question_of(row)
            self._put(text, pictures_of(row), number)
        elif asked.failed:
            self.asked = None
            self._put(asked.question, asked.pictures, asked.replacing)

    def leave(self) -> None:
        """Edit no turn after all."""
        self._put("", (), None)

    def drop(self, number: int) -> None:
        """Take a turn out of the thread; its answer stays kept."""
        asked = self._asked_at(number)
        if asked is not None:
            self.asked = None if asked.failed else asked
            self.changed()
            return

        def work(_: Caller) -> None:
            session = default_session()
            session.drop_turns(self.thread, [number])
            self.read(session)

        if self.start("dropping the turn", work) and self.editing is not None:
            self._put("", (), None)

    def choose(self, thread: str) -> bool:
        """Go on with another thread; a new one begins with its first question."""
        began = super().choose(thread)
        if began:
            self._put("", (), None)
        return began

    def _put(self, text: str, pictures: tuple[Picture, ...], editing: int | None) -> None:
        with self.lock:
            self.draft, self.drafts = text, self.drafts + 1
            self.pictures, self.editing = pictures, editing
        self.changed()

    def _ask(self, asked: Asked) -> bool:
        options: dict[str, Any] = {"model": self.models.model or None}
        self.attempt(lambda: options.update(parameters_of(self.parameters)))
        if self.error:
            return False
        if self.system.strip():
            options["system"] = self.system.strip()

        def work(caller: Caller) -> None:
            with self.lock:
                self.asked = asked
            self._answer(asked, options, caller)

        return self.start(f"asking {self.models.model or 'the usual model'}", work)

    def _answer(self, asked: Asked, options: dict[str, Any], caller: Caller) -> None:
        session = default_session()
        self._view = StreamView(asked)
        try:
            reply = self._reply(session, asked, {**options, "stream": True, "caller": caller})
        except BaseException as error:
            cut: Any = error.reply if isinstance(error, Stopped | StreamError) else None
            if cut is not None and cut.text:
                self._show(session, asked, cut)
            else:
                asked.failed = True
            raise
        finally:
            self._view = None
        self._show(session, asked, reply)
        self.status = reply.footer

    def _reply(self, session: Session, asked: Asked, options: dict[str, Any]) -> Reply:
        if not asked.again:
            options["images"] = [picture.url for picture in asked.pictures] or None
        if asked.replacing is None:
            return session.chat(asked.question, thread=self.thread, **options)
        question = None if asked.again else asked.question
        return session.ask_again(self.thread, asked.replacing, question, **options)

    def _show(self, session: Session, asked: Asked, reply: Reply) -> None:
        """Show the thread with its new turn."""
        asked.html = reply.bundle(reply.footer, reply.note)["text/html"]
        with self.lock:
            self.read(session)
            number = reply.placed.number if reply.placed else 0
            # What could not be kept in the thread was paid for all the same, and stays in sight.
            self.asked = None if 0 < number <= len(self.rows) else asked
            if self.asked is None and reply.reasoning:
                self._reasoning[self.rows[number - 1].asked] = reply.reasoning

    def read(self, session: Session) -> None:
        """Read the thread and the names of all."""
        super().read(session)
        self.asked = None

    def see(self, event: Event) -> None:
        """Take in an event of the running work."""
        if self._view and isinstance(event, TextDelta):
            self._view.add(event.text)
        elif self._view and isinstance(event, ReasoningDelta):
            self._view.add_reasoning(event.text)
        else:
            super().see(event)

    def _tick(self) -> None:
        if self._view:
            self._view.tick()
        super()._tick()

    @property
    def count(self) -> int:
        """How many entries there are: the turns, and a question on its way."""
        new = self.asked is not None and self.asked.replacing is None
        return len(self.rows) + new

    def entry(self, number: int) -> Entry:
        """Give one entry as it is shown, from 1."""
        asked = self._asked_at(number)
        if asked is not None:
            return asked_entry(asked, number)
        row = self.rows[number - 1]
        return turn_entry(row, self._reasoning.get(row.asked))

    def _asked_at(self, number: int) -> Asked | None:
        asked = self.asked
        place = None if asked is None else asked.replacing or len(self.rows) + 1
        return asked if number == place else None

    def to_cell(self, text: str = "") -> str:
        """Write the cell that asks the same: what stands in the box, else the last question."""
        question, pictures = text.strip(), self.pictures
        if not question and self.rows and self.rows[-1].question:
            question, pictures = question_of(self.rows[-1]), pictures_of(self.rows[-1])
        return chat_cell(
            question,
            model=self.models.model,
            system=self.system.strip(),
            thread=self.thread,
            pictures=pictures,
            parameters=parameters_of(self.parameters),
        )


def _purged() -> None:
    raise OptionError("What this turn asked was purged", hint="Edit asks something else in place")
