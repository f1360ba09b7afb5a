"""Questions for every row of a frame."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbnebius.bridge import Mailbox
from nbnebius.errors import NebiusError, OptionError, Stopped
from nbnebius.events import Note
from nbnebius.journal import Purse, no_price
from nbnebius.session import prepare
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import tell
from nbnebius.session.core import Core
from nbnebius.session.prompt import to_messages
from nbnebius.work.ask import Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.results.job import Job
    from nbnebius.results.plan import Plan
    from nbnebius.session.map_ready import Ready
    from nbnebius.session.service import Service
    from nbnebius.work.map.batch import BatchRunner
    from nbnebius.work.map.batch_file import BatchRules
    from nbnebius.work.map.outlook import Outlook
    from nbnebius.work.map.run import Runner

CONCURRENCY = 64


class Maps(Core):
    """The part of a session that works whole frames."""

    @cached_property
    def batch_rules(self) -> BatchRules:
        """How batches are made and waited for."""
        from nbnebius.work.map.batch_file import BatchRules

        return BatchRules()

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
        task: str = "",
        **options: Any,
    ) -> pd.DataFrame | Job:
        """Ask a question for each row; see `nbnebius.map`. `task`: tell what it takes before."""
        job = self.run_map(
            frame,
            prompt,
            via=via,
            budget=budget,
            background=background,
            private=private,
            caller=caller,
            task=task,
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
        task: str = "",
        **options: Any,
    ) -> Job:
        """Do the same and give the `Job`, which has ended unless it is in the background."""
        from nbnebius.session.before import before_rows
        from nbnebius.session.consent import consent_to_rows

        if via not in {"online", "batch"}:
            raise OptionError(f"via cannot be {via!r}", why="it takes online or batch")
        ready = self.prepare_map(
            frame, prompt, budget=budget, private=private, caller=caller, **options
        )
        if via == "batch" and ready.rows.origin.private:
            raise OptionError(
                "A batch cannot be private",
                why="its answers come later, and are matched with what is kept of their requests",
                hint="leave out private, or ask the rows one by one: --via online",
            )
        outlook = self._still_to_pay(ready, via, caller)
        if task and (note := before_rows(task, ready.rows, outlook, via)):
            (caller.see or self.observer)(note)
        consent_to_rows(caller.asker or self.asker, outlook, budget, via)
        job, work = self._map_job(ready, via)
        if background:
            box = Mailbox.unread()
            job.watch(self._connection.start(work, box).future, box)
            return job
        try:
            self.run(work, caller, on_interrupt=lambda: (job.cancel(), True)[1])
        except Stopped as stopped:
            # A second interrupt: what was on its way is possibly paid.
            ready.rows.ended_by = ready.rows.ended_by or stopped
        except Exception as error:  # noqa: BLE001 - none leaves without the frame
            raise job.with_frame(error) from error.__cause__
        if ready.rows.book.counts.tokens:
            self.say_where_kept(ready.rows.origin, caller)
        return job

    def plan(self, frame: Any, prompt: str | Sequence[tuple[str, bool]], **options: Any) -> Plan:
        """Say what `map` would do, without a call; see `nbnebius.plan`."""
        from nbnebius.results.plan import Plan
        from nbnebius.session.rows import as_frame

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
        from nbnebius.journal import newest_record
        from nbnebius.session.map_ready import Ready
        from nbnebius.session.map_request import check_numbers, read_price, read_request
        from nbnebius.session.rows import FrameRows
        from nbnebius.work.map.form import Form, hole
        from nbnebius.work.map.job import RowsJob, read_kept
        from nbnebius.work.map.outlook import look_ahead
        from nbnebius.work.map.survey import survey

        asked = read_request(frame, prompt, schema, name, sample, allow_failed, strict=not raw)
        check_numbers(budget, concurrency, repeat, parameters)
        told_price = read_price(price)

        async def ready(service: Service) -> Ready:
            gap = hole()
            messages = to_messages(gap, system=system or self.config.get("system"))
            wish = Wish(schema=asked.schema)
            prepared = await prepare.chat(service, messages, model, parameters, wish)
            origin = self.origin_of(prepared, caller, cache=True, private=private)
            form = Form(
                prepared.service,
                prepared.body,
                gap,
                told_price or prepared.price,
                repeat=repeat,
                secret=service.endpoint.key,
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
            if fresh:
                rows.since = await newest_record(self.journal)
            else:
                await read_kept(rows, self.journal, service.client)
            return Ready(asked, rows, await look_ahead(rows, self.journal))

        return self.run(ready, caller)

    def _map_job(self, ready: Ready, via: str) -> tuple[Job, Any]:
        from nbnebius.results.job import Job
        from nbnebius.session.map_ending import until_over
        from nbnebius.session.map_ready import build_frame
        from nbnebius.work.map.job import note_kept

        rows = ready.rows
        runner: Runner | BatchRunner | None = None
        is_over = False

        async def work(service: Service) -> None:
            nonlocal runner, is_over
            await note_kept(rows, self.journal)
            if rows.book.open and rows.ended_by is None:
                runner = self._runner(ready, service, via)
                await until_over(runner.run(), rows)
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

    def _runner(self, ready: Ready, service: Service, via: str) -> Runner | BatchRunner:
        from nbnebius.work.map.batch import BatchRunner
        from nbnebius.work.map.run import Runner

        rows = ready.rows
        # A tape holds answers, whichever way they came.
        if via == "online" or service.client.transport.replay is not None:
            return Runner(rows, service.client, self.journal, ready.outlook)
        return BatchRunner(
            rows,
            service.client,
            self.journal,
            name=ready.asked.name,
            project=self.project,
            rules=self.batch_rules,
        )

    def _still_to_pay(self, ready: Ready, via: str, caller: Caller) -> Outlook:
        """Leave out of what is to be agreed to what is in a batch already."""
        from nbnebius.work.map.batch_entries import count_batched

        rows, outlook = ready.rows, ready.outlook
        if rows.origin.private:
            return outlook
        there = self.run(lambda _: count_batched(rows, self.journal), caller)
        if not there:
            return outlook
        if via == "online":
            (caller.see or self.observer)(
                Note(
                    f"{there:,} of these rows are in a batch at the server, and are paid for "
                    "there: --via batch waits for it; asked now, they are paid twice"
                )
            )
            return outlook
        return outlook.without(there)


def _interrupted() -> Stopped:
    return Stopped(
        "You stopped the job",
        why="what was paid for is kept, and the frame so far is there",
        hint="run it again to go on: what is kept costs nothing",
    )
