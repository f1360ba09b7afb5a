"""Questions for every row of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.bridge import Mailbox
from nbnebius.errors import NebiusError, OptionError, Stopped
from nbnebius.events import Note
from nbnebius.journal import Purse, no_price
from nbnebius.session import prepare
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import tell
from nbnebius.session.consent import need_consent
from nbnebius.session.core import Core
from nbnebius.session.map_request import (
    Asked,
    check_numbers,
    read_price,
    read_request,
)
from nbnebius.session.prompt import to_messages
from nbnebius.session.rows import FrameRows, as_frame
from nbnebius.work.ask import Wish
from nbnebius.work.map.form import Form, hole
from nbnebius.work.map.job import RowsJob, read_kept
from nbnebius.work.map.outlook import Outlook, look_ahead
from nbnebius.work.map.run import Runner
from nbnebius.work.map.survey import survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.results.job import Job
    from nbnebius.results.plan import Plan
    from nbnebius.session.service import Service

CONCURRENCY = 64


@dataclass(frozen=True, slots=True)
class Ready:
    """A job that is ready to run, and what it is expected to take."""

    asked: Asked
    rows: RowsJob
    outlook: Outlook


class Maps(Core):
    """The part of a session that works whole frames."""

    def map(
        self,
        frame: Any,
        prompt: str | Sequence[tuple[str, bool]],
        *,
        via: str = "online",
        budget: float | None = None,
        background: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> pd.DataFrame | Job:
        """Ask a question for each row; see `nbnebius.map`."""
        job = self.run_map(
            frame,
            prompt,
            via=via,
            budget=budget,
            background=background,
            private=private,
            caller=caller,
            **options,
        )
        if background:
            return job
        self.observer(Note(job.summary))
        return job.outcome()

    def run_map(
        self,
        frame: Any,
        prompt: str | Sequence[tuple[str, bool]],
        *,
        via: str = "online",
        budget: float | None = None,
        background: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        **options: Any,
    ) -> Job:
        """Do the same and give the `Job`, which has ended unless it is in the background."""
        if via not in {"online", "batch"}:
            raise OptionError(f"via cannot be {via!r}", why="it takes online or batch")
        ready = self.prepare_map(
            frame, prompt, budget=budget, private=private, caller=caller, **options
        )
        self._confirm(ready.outlook, budget)
        job, work = self._map_job(ready)
        if background:
            job.watch(self._connection.start(work, Mailbox.unread()).future)
            return job
        try:
            self.run(work, caller, on_interrupt=lambda: (job.cancel(), True)[1])
        except Stopped as stopped:
            # A second interrupt: what was on its way is possibly paid.
            ready.rows.ended_by = ready.rows.ended_by or stopped
        if ready.rows.book.counts.tokens:
            self.say_where_kept(ready.rows.origin, caller)
        return job

    def plan(self, frame: Any, prompt: str | Sequence[tuple[str, bool]], **options: Any) -> Plan:
        """Say what `map` would do, without a call; see `nbnebius.plan`."""
        from nbnebius.results.plan import Plan

        ready = self.prepare_map(frame, prompt, **options)
        return Plan(ready.rows, ready.outlook, whole=len(as_frame(frame)))

    def prepare_map(
        self,
        frame: Any,
        prompt: str | Sequence[tuple[str, bool]],
        *,
        schema: Any = None,
        model: str | None = None,
        system: str | None = None,
        name: str = "answer",
        budget: float | None = None,
        price: str | tuple[float, float] | None = None,
        concurrency: int | None = None,
        sample: int | None = None,
        repeat: int = 0,
        allow_failed: float = 0.01,
        private: bool | None = None,
        fresh: bool = False,
        raw: bool = False,
        caller: Caller = FUNCTION,
        **parameters: Any,
    ) -> Ready:
        """Check everything, find what is kept, and estimate the rest; nothing is sent."""
        asked = read_request(frame, prompt, schema, name, sample, allow_failed, strict=not raw)
        check_numbers(budget, concurrency, repeat, parameters)
        told_price = read_price(price)

        async def ready(service: Service) -> Ready:
            gap = hole()
            messages = to_messages(gap, system=system or self.config.get("system"))
            wish = Wish(schema=asked.schema)
            prepared = await prepare.chat(service, messages, model, parameters, wish)
            origin = self.origin_of(prepared, caller, cache=True, private=private)
            key = service.endpoint.key
            secret = key.reveal() if key and len(key.reveal()) >= prepare.SHORTEST_KEY else None
            form = Form(
                prepared.service,
                prepared.body,
                gap,
                told_price or prepared.price,
                repeat=repeat,
                secret=secret,
            )
            source = FrameRows(asked.rows, asked.template.columns)
            purse = None if budget is None else Purse(float(budget))
            if purse and form.bound("") is None:
                raise no_price(purse)
            rows = RowsJob(
                source=source,
                template=asked.template,
                form=form,
                schema=asked.schema,
                survey=await survey(source, asked.template, form),
                origin=origin,
                concurrency=concurrency or CONCURRENCY,
                purse=purse,
                observer=tell,
            )
            await read_kept(rows, self.journal, service.client, fresh=fresh)
            return Ready(asked, rows, await look_ahead(rows, self.journal))

        return self.run(ready, caller)

    def _map_job(self, ready: Ready) -> tuple[Job, Any]:
        from nbnebius.results.job import Job

        rows = ready.rows
        runner: Runner | None = None
        is_over = False

        async def work(service: Service) -> None:
            nonlocal runner, is_over
            if rows.book.open and rows.ended_by is None:
                runner = Runner(rows, service.client, self.journal, ready.outlook)
                await runner.run()
            is_over = True
            if isinstance(rows.ended_by, NebiusError):
                rows.ended_by = await service.explain(rows.ended_by, "chat", rows.form.model)

        def stop() -> None:
            def on_the_loop() -> None:
                if runner is not None and not is_over:
                    runner.stop(_interrupted())
                elif not is_over:
                    rows.ended_by = rows.ended_by or _interrupted()

            self._connection.soon(on_the_loop)

        job = Job(
            ready.asked.name,
            rows,
            lambda: build_frame(ready),
            stop=stop,
            allow_failed=ready.asked.allow_failed,
        )
        return job, work

    def _confirm(self, outlook: Outlook, budget: float | None) -> None:
        """Ask once before a job that is not cheap; a budget is consent."""
        if budget is None and outlook.cost is not None:
            also = f"; as a batch about USD {outlook.batch_cost:.2f}"
            hint = f"give a budget, as --budget {outlook.cost * 1.5:.2g}"
            what = f"{outlook.requests:,} requests"
            need_consent(self.asker, outlook.cost, what, also=also, hint=hint)


def build_frame(ready: Ready) -> pd.DataFrame:
    """Make the frame of what a job has by now."""
    from nbnebius.frames.map import map_frame
    from nbnebius.work.map.book import STATUSES

    asked, rows, book = ready.asked, ready.rows, ready.rows.book
    status = bytes(book.status)  # as of now: the loop goes on writing
    schema = asked.schema
    return map_frame(
        asked.frame,
        numbers=rows.survey.numbers,
        first=rows.survey.first,
        status=[STATUSES[code] for code in status],
        values=book.values,
        cached=bytes(book.cached),
        errors=dict(book.errors),
        tokens=book.tokens,
        cost=book.cost,
        schema=schema.json if schema else None,
        wrapped=schema.key if schema else None,
        name=asked.name,
        about={"model": rows.form.model, "columns": asked.ours},
    )


def _interrupted() -> Stopped:
    return Stopped(
        "You stopped the job",
        why="what was paid for is kept, and the frame so far is there",
        hint="run it again to go on: what is kept costs nothing",
    )
