"""Asking the rows of one partition, in the process that holds it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio

from nbnebius.errors import BudgetReached, Stopped
from nbnebius.frames.map import OWN
from nbnebius.session.caller import FUNCTION
from nbnebius.session.connection import tell
from nbnebius.session.dask.elsewhere import warn_of_another_journal
from nbnebius.session.dask.frames import conform
from nbnebius.session.dask.seat import take_seat
from nbnebius.session.dask.worker import journal_place, worker_session
from nbnebius.session.map_ready import Ready, build_frame
from nbnebius.session.map_request import Asked
from nbnebius.session.rows import FrameRows
from nbnebius.work.map.answers import one_line
from nbnebius.work.map.form import Form
from nbnebius.work.map.job import RowsJob, note_kept, read_kept
from nbnebius.work.map.outlook import look_ahead
from nbnebius.work.map.run import Runner
from nbnebius.work.map.survey import survey

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.errors import NebiusError
    from nbnebius.session.dask.seat import Seat, Terms
    from nbnebius.session.service import Service
    from nbnebius.session.session import Session
    from nbnebius.work.map.template import Template
    from nbnebius.work.price import Price
    from nbnebius.work.schema import Schema

logger = logging.getLogger("nbnebius")
LOOK = 0.5  # seconds between looks at whether a partition is still wanted


@dataclass(frozen=True, slots=True, eq=False)
class PartitionMap:
    """
    A question for each row of a partition: what travels to the workers, and no key with it.

    Attributes
    ----------
    base_url, service
        Whom all workers ask.
    body, gap, price, repeat
        Of a `Form`: settled once, so that all workers send the same.
    template, schema, name, columns
        The prompt, the answers' shape and columns.
    private
        Whether nothing is kept but usage.
    terms
        What all partitions may use together.
    meta
        The frame's columns and dtypes, without rows.
    """

    base_url: str
    service: str
    body: dict[str, Any]
    gap: str
    price: Price
    repeat: int
    template: Template
    schema: Schema | None
    name: str
    columns: list[str]
    private: bool
    terms: Terms
    meta: pd.DataFrame

    def __dask_tokenize__(self) -> str:
        """Name it among Dask's tasks: each call of `map` is another job."""
        return f"nbnebius-map-{self.terms.job}"

    def __call__(self, part: pd.DataFrame) -> pd.DataFrame:
        """
        Ask all rows; what goes wrong with them is data.

        Raises
        ------
        SettingsError
            This worker has no key, before anything is asked.
        Stopped
            Nobody waits for it any more; what was paid for is kept.
        """
        if not len(part):
            return self.meta.copy()
        session = worker_session(self.base_url)
        seat = take_seat(self.terms, journal_place())
        try:
            ready = session.run(lambda service: self._ask(service, session, part, seat))
        finally:
            seat.leave()
        return conform(build_frame(ready), self.meta)

    async def _ask(
        self, service: Service, session: Session, part: pd.DataFrame, seat: Seat
    ) -> Ready:
        service.client.transport.share_limits(seat.share)
        secret = service.endpoint.key
        form = Form(
            self.service, self.body, self.gap, self.price, repeat=self.repeat, secret=secret
        )
        source = FrameRows(part, self.template.columns)
        rows = RowsJob(
            source=source,
            template=self.template,
            form=form,
            schema=self.schema,
            survey=await survey(source, self.template, form),
            origin=FUNCTION.origin(self.service, cache=True, private=self.private),
            concurrency=seat.places,
            purse=seat.purse,
            observer=tell,
        )
        await read_kept(rows, session.journal, service.client)
        await note_kept(rows, session.journal)
        outlook = await look_ahead(rows, session.journal)
        base = part.drop(columns=[each for each in part.columns if str(each) in OWN])
        asked = Asked(
            rows=part,
            frame=base,
            template=self.template,
            schema=self.schema,
            name=self.name,
            columns=self.columns,
            ours=self.columns,
            allow_failed=1.0,
        )
        if rows.book.open:
            if seat.before:
                warn_of_another_journal(seat.before)
            await _run(Runner(rows, service.client, session.journal, outlook), seat)
            if isinstance(rows.ended_by, Stopped):
                raise rows.ended_by
            if rows.ended_by is not None:
                self._say_why_unsent(rows, await service.explain(rows.ended_by, "chat", form.model))
        return Ready(asked, rows, outlook)

    def _say_why_unsent(self, rows: RowsJob, error: NebiusError) -> None:
        """Write what ended the partition beside each row that it kept from being asked."""
        reason = one_line(error)
        if isinstance(error, BudgetReached):
            reason = f"the budget of USD {self.terms.budget:g}, shared by all partitions, is spent"
        reason = f"{type(error).__name__}: {reason}"
        book = rows.book
        book.errors.update((n, reason) for n in range(book.requests) if book.is_open(n))
        logger.warning("%d requests of a partition were not sent: %s", book.open, reason)


async def _run(runner: Runner, seat: Seat) -> None:
    """Ask all rows, until nobody waits for them: Dask does not end the threads of its tasks."""

    async def watch() -> None:
        while seat.is_wanted():  # noqa: ASYNC110 - Dask tells no event
            await anyio.sleep(LOOK)
        runner.stop(Stopped("The frame that this partition belongs to was cancelled"))

    async with anyio.create_task_group() as both:
        both.start_soon(watch)
        await runner.run()
        both.cancel_scope.cancel()
