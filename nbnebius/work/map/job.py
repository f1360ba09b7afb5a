"""What a job of many rows is: its rows, their common form, how it may run, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbnebius.journal import SLICE, Doubt, find_answers, find_doubt, note_reuse
from nbnebius.work.map.answers import bill_of, outcome
from nbnebius.work.map.book import Book, Found
from nbnebius.work.map.form import PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbnebius.client import AsyncClient
    from nbnebius.errors import NebiusError
    from nbnebius.events import Observer
    from nbnebius.journal import Journal, KeptRow, Purse
    from nbnebius.work.map.form import Form
    from nbnebius.work.map.survey import Source, Survey
    from nbnebius.work.map.template import Template
    from nbnebius.work.origin import Origin
    from nbnebius.work.schema import Schema

CHANGED = "the row's cell was changed while the job ran"


@dataclass(slots=True)
class RowsJob:
    """
    One job, from its rows to their outcomes.

    Attributes
    ----------
    source, template, form, schema
        The rows, their prompt, what their requests have in common, the answers' shape.
    survey
        The different requests.
    book
        Their outcomes so far.
    doubt
        What earlier runs sent without an answer being kept.
    purse
        This run's budget, or None.
    ended_by
        Why it ended before all was asked, or None.
    observer
        Is told how far it is.
    since
        Answers up to this record do not count: all are to be asked anew.
    saved
        USD that the kept answers cost when they were bought.
    """

    source: Source
    template: Template
    form: Form
    schema: Schema | None
    survey: Survey
    origin: Origin
    concurrency: int
    purse: Purse | None
    observer: Observer
    book: Book = field(init=False)
    doubt: Doubt = field(default_factory=lambda: Doubt(0, 0.0))
    ended_by: NebiusError | None = None
    since: int = 0
    saved: float = 0.0

    def __post_init__(self) -> None:
        self.book = Book(self.survey.requests)

    def newest(self, number: int) -> int:
        """Give the newest record of a request that is of no use."""
        return max(self.since, self.book.useless.get(number, 0))

    def text(self, values: Any) -> str:
        """Write the prompt of a row that asks something."""
        text = self.template.fill(values)
        assert text is not None, "a row that was surveyed"
        return text

    def asking_rows(self) -> Iterator[tuple[int, Sequence[Any]]]:
        """Give the number of each request, and the values of the first row that asks it."""
        numbers, first = self.survey.numbers, self.survey.first
        for row, values in enumerate(self.source.rows()):
            number = int(numbers[row])
            if number >= 0 and first[number] == row:
                yield number, values

    def open_rows(self) -> Iterator[tuple[int, str]]:
        """Give the number and the prompt of each request that has no outcome yet."""
        for number, values in self.asking_rows():
            if not self.book.is_open(number):
                continue
            text = self.template.fill(values)
            if text is None or self.form.key(text) != self.survey.key(number):
                # A list or a dict in a cell is the user's own: what it says now has another key.
                self.book.enter(number, Found("failed", error=CHANGED, again=True))
            else:
                yield number, text


async def read_kept(job: RowsJob, journal: Journal, client: AsyncClient) -> None:
    """Enter every answer that is kept already, and sum what is possibly paid."""
    if job.origin.private:
        return
    order = job.survey.order
    doubt = Doubt(0, 0.0)
    recorded: list[tuple[int, KeptRow]] = []
    for start in range(0, len(order), SLICE):
        numbers = {job.survey.key(n): n for n in map(int, order[start : start + SLICE])}
        for row in await find_answers(journal, list(numbers)):
            number = numbers.pop(row.key)
            found = outcome(row.body, row.content_type, job.schema, job.form.price)
            bill_late(journal, row, found)
            if found.again:
                job.book.useless[number] = row.record
            else:
                job.book.enter(number, found, cached=True)
                job.saved += row.cost or 0.0
                if client.transport.tape is not None:
                    recorded.append((number, row))
        if numbers:
            more = await find_doubt(journal, list(numbers))
            doubt = Doubt(
                doubt.requests + more.requests,
                doubt.cost + more.cost,
                doubt.unbounded + more.unbounded,
            )
    job.doubt = doubt
    record_kept(job, client, recorded)


async def note_kept(job: RowsJob, journal: Journal) -> None:
    """Write down that the answers that were kept are shown instead of bought."""
    if kept := job.book.counts.kept:
        await note_reuse(journal, "chat", job.form.service, job.form.model, kept, job.saved)


def bill_late(journal: Journal, row: KeptRow, found: Found) -> None:
    """Enter what an answer cost whose kernel died before it could."""
    if row.cost is None and found.cost is not None:
        journal.bill(row.record, bill_of(found))


def record_kept(job: RowsJob, client: AsyncClient, rows: list[tuple[int, KeptRow]]) -> None:
    """Put kept answers on the tape of a session that records."""
    tape = client.transport.tape
    if tape is None or not rows:
        return
    by_number = dict(rows)
    for number, values in job.asking_rows():
        if number in by_number:
            row = by_number[number]
            tape.keep(PATH, job.form.data(job.text(values)), row.content_type, row.body)
