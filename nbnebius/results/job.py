"""`Job`: work on many rows, to look at while it runs, to wait for and to stop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.errors import NebiusError, RowsFailed, Stopped
from nbnebius.rendering.answer import usd
from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Future

    import pandas as pd

    from nbnebius.bridge import Unread
    from nbnebius.events import Progress
    from nbnebius.work.map.job import RowsJob

E = TypeVar("E", bound=BaseException)

STEP = 0.25  # seconds between looks at interrupts
AWAITED_STEP = 0.05  # seconds between looks at whether an awaited job is over


class Job:
    """
    A job over the rows of a frame.

    Parameters
    ----------
    name
        What it is called.
    rows
        The job itself.
    build
        Makes the frame of what is there.
    stop
        Ends the sending; what is on its way may land.
    allow_failed
        The share of rows that may fail.
    """

    def __init__(
        self,
        name: str,
        rows: RowsJob,
        build: Callable[[], pd.DataFrame],
        *,
        stop: Callable[[], None],
        allow_failed: float,
    ) -> None:
        self.name = name
        self._rows = rows
        self._build = build
        self._stop = stop
        self._allow_failed = allow_failed
        self._future: Future[Any] | None = None
        self._box: Unread | None = None
        self._whole: pd.DataFrame | None = None

    def watch(self, future: Future[Any], box: Unread | None = None) -> None:
        """Follow work that goes on in the background; `box` is where its events go."""
        self._future, self._box = future, box

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._future is None or self._future.done()

    @property
    def status(self) -> str:
        """``running``, ``stopping``, ``done``, or ``stopped`` before all rows were asked."""
        if not self.done:
            return "running" if self._rows.ended_by is None else "stopping"
        return "done" if self._rows.ended_by is None and self._fault() is None else "stopped"

    @property
    def counts(self) -> dict[str, int]:
        """How many different requests there are, and how they stand."""
        counts = self._rows.book.counts
        return {
            "requests": self._rows.book.requests,
            "kept": counts.kept,
            "ok": counts.ok,
            "partial": counts.partial,
            "failed": counts.failed,
            "possibly_paid": counts.possibly_paid,
            "unsent": self._rows.book.open,
        }

    @property
    def cost(self) -> float | None:
        """USD spent by this run so far; None where a price is unknown."""
        return self._rows.book.counts.cost

    @property
    def possibly_paid(self) -> float:
        """USD: the most that requests without a kept answer may have cost."""
        return self._rows.book.counts.doubt

    @property
    def progress(self) -> Progress | None:
        """How far a job in the background is, as it told last; None before it did."""
        return self._box.progress if self._box else None

    def frame(self) -> pd.DataFrame:
        """Give the frame of what is there by now; rows still to come are ``unsent``."""
        if self._whole is not None:
            return self._whole
        is_whole = self.done  # before the frame is made
        frame = self._build()
        if is_whole:
            self._whole = frame
        return frame

    def wait(self, timeout: float | None = None) -> pd.DataFrame:
        """
        Wait until it has ended; an interrupt ends the waiting, not the job.

        Parameters
        ----------
        timeout
            Seconds; for ever if left out.

        Raises
        ------
        NebiusError
            It is not over in time, or what ended it; with ``.frame``.
        Stopped
            You interrupted the waiting.
        """
        import time
        from concurrent.futures import wait

        until = None if timeout is None else time.monotonic() + timeout
        try:
            while self._future is not None and not self._future.done():
                left = STEP if until is None else min(STEP, until - time.monotonic())
                if left <= 0:
                    error = NebiusError(
                        f"The job {self.name} is not over yet",
                        hint="it goes on: .frame() gives what is there, .wait() waits longer",
                    )
                    error.frame, error.job = self.frame(), self
                    raise error
                wait([self._future], timeout=left)
        except KeyboardInterrupt:
            raise self._left() from None
        return self.outcome()

    def cancel(self) -> Job:
        """
        Send nothing more; what is on its way may land, and is kept.

        A batch that is at the server already goes on there: the same job waits for it again, and
        ``%batches ID cancel`` ends it.
        """
        self._stop()
        return self

    def outcome(self) -> pd.DataFrame:
        """
        Give the whole frame of a job that has ended.

        Raises
        ------
        NebiusError
            What ended it early, or `RowsFailed`; with ``.frame`` and ``.job``.
        """
        frame = self.frame()
        error = self._rows.ended_by or self._fault()
        error = error or self._too_many(frame)
        if error is not None:
            raise self.with_frame(error)
        return frame

    def with_frame(self, error: E) -> E:
        """Give an error, of whatever kind, with ``.frame`` and ``.job``."""
        vars(error).update(frame=self.frame(), job=self)
        return error

    def _fault(self) -> BaseException | None:
        """Give what ended the work itself."""
        if self._future is None or not self._future.done():
            return None
        if self._future.cancelled():
            return NebiusError(
                f"The job {self.name} ended with its session",
                hint="run it again to go on: what is kept costs nothing",
            )
        return self._future.exception()

    def _too_many(self, frame: pd.DataFrame) -> RowsFailed | None:
        status = frame["neb_status"]
        bad = status.isin(["failed", "possibly_paid"])
        asked = int((status != "skipped").sum())
        failed = int(bad.sum())
        if not failed or failed <= self._allow_failed * asked:
            return None
        common = frame.loc[bad, "neb_error"].value_counts()
        reason = f"{common.index[0]} ({common.iloc[0]:,} times)" if len(common) else ""
        return RowsFailed(
            f"{failed:,} of {asked:,} rows have no answer",
            why=reason,
            hint="neb_error tells of each; run it again to ask these, what is there costs nothing; "
            f"--allow-failed {min(1.0, failed / asked):.2g} lets them pass",
        )

    @property
    def summary(self) -> str:
        """One line: how the rows stand, and the money."""
        counts = self._rows.book.counts
        parts = [f"{self._rows.source.count:,} rows"]
        named = (
            (counts.bought, "bought"),
            (counts.kept, "kept already"),
            (self._rows.survey.duplicates, "duplicates"),
            (self._rows.survey.skipped, "skipped"),
            (counts.partial, "cut off"),
            (counts.failed, "failed"),
            (counts.possibly_paid, "without a kept answer"),
            (self._rows.book.open, "unsent"),
        )
        parts += [f"{number:,} {word}" for number, word in named if number]
        parts += [self._rows.form.model, usd(counts.cost)]
        doubt = counts.doubt + self._rows.doubt.cost
        doubtful = counts.possibly_paid + counts.resent + self._rows.doubt.requests
        if doubtful:
            parts.append(f"{doubtful:,} possibly paid besides: at most {usd(doubt)}")
        return " · ".join(parts)

    @property
    def about(self) -> dict[str, Any]:
        """What is to be known of it later: model, parameters, counts and USD."""
        body = self._rows.form.example
        asked = {name: value for name, value in body.items() if name not in {"messages", "model"}}
        return {
            "model": self._rows.form.model,
            "parameters": asked,
            "repeat": self._rows.form.repeat,
            "counts": self.counts,
            "cost": self.cost,
        }

    def __await__(self) -> Generator[Any, None, pd.DataFrame]:
        try:
            # Cancelling the wait must not cancel the job. And a kernel's loop that sleeps until
            # something comes does not hear of an interrupt, so that it may not sleep for long.
            while not self.done:
                yield from asyncio.sleep(AWAITED_STEP).__await__()
        except asyncio.CancelledError as error:
            vars(error).update(_render_traceback_=self._left()._render_traceback_)
            raise
        return self.outcome()

    def _left(self) -> Stopped:
        """Say that nobody waits any more."""
        error = Stopped(
            f"You stopped waiting for the job {self.name}",
            why="it goes on",
            hint=".wait() waits again, .cancel() ends it, .frame() gives what is there",
        )
        error.job = self
        return error

    def _line(self) -> str:
        return f"{self.name}: {self.status} · {self.summary}"

    def __repr__(self) -> str:
        return f"Job({plain(self._line())!r})"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": plain(self._line()), "text/html": escape(self._line())}
