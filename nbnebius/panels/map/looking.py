"""The answers of the map panel: bound in the notebook, looked through, marked and mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbnebius.errors import OptionError
from nbnebius.panels.map.results import Results
from nbnebius.panels.notebook import bind, holding
from nbnebius.panels.state import State

if TYPE_CHECKING:
    from nbnebius.events import Progress
    from nbnebius.results.job import Job

OUT: Final = "answers"


class Looking(State):
    """
    A job's answers.

    Attributes
    ----------
    out, out_is_typed
        The variable that the result is bound to, also while it grows; whether the user named it.
        One that nobody named takes the place of nothing.
    job, progress
        The job that was started last, and how far it is.
    asked
        The columns that its prompt names.
    results
        Its frame, with the user's marks.
    show, place
        Which rows are listed (one of `SHOWS`), and which one is looked at.
    """

    def __init__(self) -> None:
        super().__init__()
        self.out = OUT
        self.out_is_typed = False
        self.job: Job | None = None
        self.progress: Progress | None = None
        self.asked: tuple[str, ...] = ()
        self.results = Results()
        self.show = "all"
        self.place = 0

    def take(self, job: Job) -> None:
        """Take in what a job has by now, and bind it."""
        frame = job.frame()
        with self.lock:
            self.progress = job.progress
            self.results.take(frame, self.asked, frame.attrs["nbnebius"]["columns"])
            bind(self.out, self.results.frame)
        self.changed()

    def choose(self, show: str) -> None:
        """List other rows: one of `SHOWS`."""
        self.show = show
        places = self.results.places(show)
        if len(places) and self.place not in places:
            self.place = int(places[0])
        self.changed()

    def go_to(self, place: int) -> None:
        """Look at the row at a place, 0 the first."""
        self.place = min(max(0, place), max(0, len(self.results) - 1))
        self.changed()

    def step(self, by: int) -> None:
        """Look at the next of the rows that are listed, or at the one before."""
        places = self.results.places(self.show)
        there = places[places > self.place] if by > 0 else places[places < self.place][::-1]
        if len(there):
            self.go_to(int(there[0]))

    def rate(self, word: str | None) -> None:
        """Mark the row that is looked at good or bad, and go on; None takes the mark back."""

        def mark() -> None:
            with self.lock:
                self._need_row()
                self.results.rate(self.place, word)
            if word is not None:
                self.step(1)

        self.attempt(mark)

    def edit(self, column: str, text: str) -> None:
        """Change an answer of the row that is looked at."""

        def write() -> None:
            with self.lock:
                self._need_row()
                if self.results.answer(self.place, column) != text:
                    self.results.edit(self.place, column, text)

        self.attempt(write)

    def clear_marks(self) -> None:
        """Take all marks and edits back: the result is again as it was answered."""

        def clear() -> None:
            with self.lock:
                self.results.forget()
                if self.job is not None:
                    self.take(self.job)

        self.attempt(clear)

    def _need_row(self) -> None:
        if not len(self.results):
            raise OptionError("There is no row to mark yet", hint="run a sample")
        if self.out not in holding(self.results.frame):
            raise OptionError(
                f"{self.out} is not the panel's frame any more",
                why="a cell put something else there",
                hint="name another variable for the result: it is put there",
            )
