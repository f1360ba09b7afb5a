"""`BatchJob`: a batch at the server, to wait for and to read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbnebius.errors import NebiusError, Stopped
from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from nbnebius.types.batches import Batch

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between looks


class BatchJob:
    """
    A batch at the server.

    Parameters
    ----------
    batch
        As the server told it last.
    look, cancel, fetch
        How it is asked about, cancelled, and its results read.
    sleep
        How to pause between two looks, in seconds.
    """

    def __init__(
        self,
        batch: Batch,
        *,
        look: Callable[[str], Batch],
        cancel: Callable[[str], Batch],
        fetch: Callable[[Batch], pd.DataFrame],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._batch = batch
        self._look = look
        self._cancel = cancel
        self._fetch = fetch
        self._sleep = sleep

    @property
    def id(self) -> str:
        """The server's id."""
        return self._batch.id

    @property
    def status(self) -> str:
        """The server's own word for how far it is, asked for anew while it is not over."""
        if not self.done:
            self._batch = self._look(self.id)
        return self._word

    @property
    def _word(self) -> str:
        return self._batch.status or "unknown"

    @property
    def done(self) -> bool:
        """Whether it is over, well or not, as far as was told last."""
        return self._batch.state != "active"

    @property
    def counts(self) -> dict[str, int | None]:
        """How many requests there are, are completed, and have failed, as told last."""
        counts = self._batch.request_counts
        names = ("total", "completed", "failed")
        return {name: getattr(counts, name) if counts else None for name in names}

    @property
    def metadata(self) -> dict[str, Any]:
        """What it was created with."""
        return dict(self._batch.metadata or {})

    def wait(self, timeout: float | None = None) -> BatchJob:
        """
        Wait until it is over; an interrupt ends the waiting, not the batch.

        Parameters
        ----------
        timeout
            Seconds; for ever if left out.

        Raises
        ------
        NebiusError
            It is not over in time.
        Stopped
            You interrupted the waiting.
        """
        until = None if timeout is None else time.monotonic() + timeout
        pause = FIRST_PAUSE
        try:
            while self.status and not self.done:
                left = pause if until is None else min(pause, until - time.monotonic())
                if left <= 0:
                    raise NebiusError(
                        f"The batch {self.id} is still {self._word}",
                        hint="it goes on at the server: ask again later",
                    )
                self._sleep(left)
                pause = min(pause * 1.5, LONGEST_PAUSE)
        except KeyboardInterrupt:
            raise Stopped(
                f"You stopped waiting for the batch {self.id}",
                why="it goes on at the server",
                hint=".wait() waits again, .cancel() ends it",
            ) from None
        return self

    def cancel(self) -> BatchJob:
        """Cancel it; what was answered by then is kept and billed."""
        self._batch = self._cancel(self.id)
        return self

    def results(self) -> pd.DataFrame:
        """
        Read what it answered: all of it, or what there is of an expired or cancelled one.

        Returns
        -------
        DataFrame
            See `nbnebius.frames.batch_results.batch_result_frame`; for embeddings,
            `nbnebius.frames.batch_vectors.batch_vector_frame`.

        Raises
        ------
        NebiusError
            There is nothing to read yet.
        """
        if not self.done:
            self._batch = self._look(self.id)
        if not (self._batch.output_file_id or self._batch.error_file_id):
            raise NebiusError(
                f"The batch {self.id} has no results: it is {self._word}",
                why=self._batch.error or "",
                hint="" if self.done else "wait for it with .wait()",
            )
        return self._fetch(self._batch)

    def _line(self) -> str:
        counts = self.counts
        done = "" if not counts["total"] else f", {counts['completed']} of {counts['total']}"
        return f"{self.id}: {self._word}{done}"

    def __repr__(self) -> str:
        return f"BatchJob({plain(self._line())!r})"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": plain(self._line()), "text/html": escape(self._line())}
