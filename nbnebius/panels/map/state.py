"""The map panel as plain Python."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbnebius.catalogs import serves
from nbnebius.errors import NebiusError, OptionError
from nbnebius.panels.map import prices
from nbnebius.panels.map.looking import OUT, Looking
from nbnebius.panels.map.question import Question
from nbnebius.panels.notebook import (
    bind,
    check_name,
    free_name,
    holding,
    value_of,
    variables,
)
from nbnebius.rendering.progress import progress_line
from nbnebius.session import default_session
from nbnebius.session.rows import as_frame
from nbnebius.work.map.template import parse

if TYPE_CHECKING:
    from nbnebius.results.job import Job
    from nbnebius.results.plan import Plan
    from nbnebius.session import Caller

LOOK = 0.05  # seconds between looks at a job that runs
REFRESH = 1.0  # seconds, at least, between two frames of what is there
SHARE = 10  # making them takes a tenth of the time at most
PLANNED_AGAIN = 20_000  # rows: up to here the plan is made anew when a job has ended


@dataclass(frozen=True, slots=True)
class Run:
    """A job that was started: what it asks, of which frame, how many rows of it."""

    question: Question
    frame: Any
    sample: int | None
    each: float | None  # USD that one request was expected to cost


class MapState(Looking):
    """
    A question, its price, the job that asks it, and, as of `Looking`, its answers.

    Attributes
    ----------
    question
        What is written in the panel; `change` changes it.
    sample
        How many rows are tried.
    models
        The ids of the models that can be asked.
    plan
        What a run would do, as it was asked for last.
    """

    def __init__(self, frame: str = "") -> None:
        super().__init__()
        self.question = Question(frame=frame)
        self.sample = 20
        self.models: tuple[str, ...] = ()
        self.plan: Plan | None = None
        self._few: Plan | None = None
        self._planned: tuple[Question, Any, Any] | None = None
        self._run: Run | None = None

    # What is asked.

    def open(self) -> None:
        """Read the list of models."""

        def read(caller: Caller) -> None:
            records = default_session().models(refresh=False, caller=caller)
            self.models = tuple(record.id for record in records if serves(record, "chat"))

        self.begin("reading the list of models", read)

    @property
    def frames(self) -> list[str]:
        """The notebook's variables that hold a frame."""
        return [*variables("pandas.DataFrame"), *variables("polars.DataFrame")]

    @property
    def columns(self) -> list[str]:
        """The columns of the chosen frame; none where it is not there any more."""
        try:
            frame = value_of(self.question.frame)
        except OptionError:
            return []
        return [str(name) for name in getattr(frame, "columns", ())]

    def change(self, **fields: Any) -> None:
        """Change the question; fields are those of `Question`."""
        self.question = replace(self.question, **fields)
        self.changed()

    def insert(self, column: str) -> None:
        """Put a column's place at the prompt's end."""
        prompt = self.question.prompt
        gap = "" if not prompt or prompt[-1].isspace() else " "
        self.change(prompt=f"{prompt}{gap}{{{column}}}")

    def rename(self, out: str) -> None:
        """Take another variable for the result; one that is there already is put there too."""

        def take() -> None:
            self.out = self._check_out(out, self.question)
            self.out_is_typed = True
            if self.results.frame is not None:
                bind(self.out, self.results.frame)

        self.attempt(take)

    @staticmethod
    def _check_out(out: str, question: Question) -> str:
        out = check_name(out)
        if out == question.frame:
            raise OptionError(
                f"The result cannot be put into {out}", why="that is the frame it is made from"
            )
        return out

    def to_cell(self) -> str:
        """Write the cell that does the same."""
        return self.question.to_cell(self.out)

    # What it would cost.

    def look_ahead(self) -> None:
        """Make the plan; nothing is sent."""
        self.begin("looking ahead: nothing is sent", self._look_ahead)

    def _look_ahead(self, caller: Caller) -> None:
        question = self.question
        frame = value_of(question.frame)
        options = question.options
        session = default_session()
        plan = session.plan(frame, question.prompt, caller=caller, **options)
        few = session.plan(frame, question.prompt, sample=self.sample, caller=caller, **options)
        with self.lock:
            self.plan, self._few = plan, few
            self._planned = (question, frame, getattr(frame, "shape", None))

    @property
    def is_planned(self) -> bool:
        """Whether the plan is about what is written now, of the frame as it is now."""
        if self._planned is None:
            return False
        question, frame, shape = self._planned
        if question.shape != self.question.shape:
            return False
        try:
            now = value_of(question.frame)
        except OptionError:
            return False
        return now is frame and getattr(now, "shape", None) == shape

    @property
    def offers(self) -> prices.Offers:
        """What can be run just now, each with its price."""
        run, job = self._run, self.job
        left = 0
        same = run is not None and run.question.shape == self.question.shape
        if same and job is not None and not self.busy:
            counts = job.counts
            left = counts["failed"] + counts["possibly_paid"] + counts["unsent"]
        return prices.offers(
            self.plan if self.is_planned else None,
            self._few,
            via=self.question.via,
            sample=self.sample,
            left=left,
            each=run.each if run else None,
        )

    # Asking.

    def run_sample(self) -> None:
        """Ask about a few rows, one by one."""
        self.attempt(lambda: self._start(self.sample))

    def run_all(self) -> None:
        """Ask about all rows."""
        self.attempt(lambda: self._start(None))

    def run_left(self) -> None:
        """Run the last job again: what has an answer costs nothing."""

        def again() -> None:
            if self._run is None or not self.offers.left:
                raise OptionError("There is nothing left to ask again")
            self._begin(replace(self._run, question=self.question))

        self.attempt(again)

    def _start(self, sample: int | None) -> None:
        if not self.is_planned or self.plan is None:
            raise OptionError(
                "What this costs is not known yet", hint="look at the plan first: Plan and price"
            )
        question = self.question
        each = prices.price_of_one(self.plan, "online" if sample else question.via)
        self._begin(Run(question, value_of(question.frame), sample, each))

    def _begin(self, run: Run) -> None:
        if self.busy:
            return
        if not self.out_is_typed:
            self.out = free_name(OUT, mine=self.results.frame)
        self._check_out(self.out, run.question)
        self._guard_marks(run)
        _ = run.question.options  # what cannot be read is said before anything begins
        self.show, self.place = "all", 0
        what = f"{run.sample:,} rows" if run.sample else "all rows"
        self.begin(f"asking about {what}", lambda caller: self._ask(run, caller))

    def _guard_marks(self, run: Run) -> None:
        """Let no mark go unseen, and let none pass to the answers of another question."""
        last, results = self._run, self.results
        if last is None or not results.marks:
            return
        same = last.question.shape == run.question.shape and last.frame is run.frame
        index = getattr(run.frame, "index", None)  # Polars has none: its rows are counted
        if same and (last.sample == run.sample or index is None or index.is_unique):
            return
        names = holding(results.frame)
        if names == [self.out]:
            raise OptionError(
                f"{self.out} holds {results.marks} marks of yours",
                why="the answers to another question would stand in its place",
                hint="name another variable for the result, or clear all marks",
            )
        results.forget()

    def _ask(self, run: Run, caller: Caller) -> None:
        question = run.question
        job = default_session().run_map(
            run.frame,
            question.prompt,
            via="online" if run.sample else question.via,
            background=True,
            sample=run.sample,
            allow_failed=1.0,  # what failed is seen, and asked again, in the panel itself
            caller=caller,
            **question.options,
        )
        with self.lock:
            self.job, self._run, self.progress = job, run, None
            names = [str(name) for name in as_frame(run.frame).columns]
            self.asked = parse(question.prompt, names).columns
        self._watch(job)
        self.take(job)
        self.status, self.doing = "", "looking at what is left"
        rows = len(run.frame)
        if rows <= PLANNED_AGAIN and self.is_planned:
            self._plan_again(caller)
        else:
            self._planned = None
        job.outcome()

    def _watch(self, job: Job) -> None:
        """Wait for a job; Stop ends its sending, and what is paid for still lands."""
        due = 0.0
        while not job.done:
            try:
                self._tick()
            except KeyboardInterrupt:
                job.cancel()
                self.doing = "stopping: what is paid for still lands"
            if (told := job.progress) is not None:
                self.progress = told
                self.status = progress_line(told, time.monotonic() - self._began)
            now = time.monotonic()
            if now >= due:
                self.take(job)
                took = time.monotonic() - now
                due = now + took + max(REFRESH, SHARE * took)
            time.sleep(LOOK)

    def _plan_again(self, caller: Caller) -> None:
        """Plan once more: what is kept now costs nothing, and the buttons are to say so."""
        try:
            self._look_ahead(caller)
        except NebiusError:
            self._planned = None
