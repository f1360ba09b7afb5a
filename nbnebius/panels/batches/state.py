"""The batches panel as plain Python."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from nbnebius.bridge import Worker
from nbnebius.commands import BATCHES, BatchesOptions
from nbnebius.errors import NebiusError, OptionError, Stopped
from nbnebius.frames.batches import batches_frame
from nbnebius.panels.notebook import bind, check_name
from nbnebius.panels.saving import new_path
from nbnebius.panels.state import State, words
from nbnebius.rendering.answer import usd
from nbnebius.session import Caller, default_session

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.types.batches import Batch

NEWEST: Final = (10, 50, 200)
FIRST_PAUSE, LONGEST_PAUSE, SLOWER = 3.0, 30.0, 1.3  # seconds between looks, and how they grow
STEP = 0.1  # seconds between looks at whether to go on
SHOWN: Final = ("id", "status", "done", "failed", "model", "created", "cost")
_ID = re.compile(r"[\w.:-]{1,200}")


class BatchesState(State):
    """
    The newest batches, one of them chosen.

    Attributes
    ----------
    limit
        How many are listed.
    batches
        As the server told them last, the newest first.
    looked
        When that was, as ``12:03:04``; "" before.
    chosen
        The id of the one that can be cancelled and read.
    out, path
        The variable for its results, and the file; "" is a name of its own.
    following
        Whether it goes on looking until all batches are over.
    """

    def __init__(self) -> None:
        super().__init__()
        self.limit: int = NEWEST[0]
        self.batches: tuple[Batch, ...] = ()
        self.looked = ""
        self.chosen = ""
        self.out = "results"
        self.path = ""
        self.following = False
        self._costs: dict[str, float] = {}
        self._read = ""
        self._follower = Worker()

    @property
    def batch(self) -> Batch | None:
        """The one that is chosen."""
        return next((one for one in self.batches if one.id == self.chosen), None)

    @property
    def active(self) -> int:
        """How many are not over."""
        return sum(one.state == "active" for one in self.batches)

    @property
    def frame(self) -> pd.DataFrame | None:
        """The batches as `nbnebius.batches` gives them; None before they were read."""
        return batches_frame(self.batches) if self.looked else None

    @property
    def table(self) -> pd.DataFrame | None:
        """What people read of them; ``cost`` (USD) of those whose results were read here."""
        frame = self.frame
        if frame is None:
            return None
        done = frame["completed"].fillna(0).add(frame["failed"].fillna(0))
        total = frame["total"]
        frame["done"] = [
            f"{part:,} of {whole:,}" if known else ""
            for part, whole, known in zip(done, total.fillna(0), total.notna(), strict=True)
        ]
        frame["created"] = frame["created"].dt.strftime("%d %b %H:%M")
        frame["cost"] = [self._costs.get(one.id, float("nan")) for one in self.batches]
        rare = [name for name in ("model", "cost") if frame[name].isna().all()]
        return frame[[name for name in SHOWN if name not in rare]]

    def read(self) -> None:
        """Look at them anew."""
        self.renew("reading the list of batches", self._look)

    def show(self, limit: int) -> None:
        """List another number of them."""
        self.limit = limit
        self.read()

    def choose(self, batch_id: str) -> None:
        """Choose one."""
        self.chosen = batch_id
        self.changed()

    def _look(self, caller: Caller) -> None:
        found = default_session().batches(self.limit, caller=caller)
        with self.lock:
            self.batches = tuple(one for one in found if one.id)
            self.looked = time.strftime("%H:%M:%S")
            if self.batch is None:
                self.chosen = self.batches[0].id if self.batches else ""

    # Following.

    def follow(self, *, on: bool = True) -> None:
        """Look every few seconds until all are over, or until it is switched off."""
        if on and not self.following:
            self.following = True
            if not self._follower.begin(self._follow):  # the last one is just ending
                self.following = False
        elif not on:
            self.following = False
            self._follower.stop()
        self.changed()

    def _follow(self) -> None:
        pause = FIRST_PAUSE
        caller = Caller(see=lambda _: None, tick=self._follower.check)
        try:
            self._look(caller)
            while self.active:
                self.changed()
                until = time.monotonic() + pause
                while time.monotonic() < until:
                    self._follower.check()
                    time.sleep(STEP)
                pause = min(pause * SLOWER, LONGEST_PAUSE)
                self._look(caller)
            self.status = "no batch is running: nothing is left to follow"
        except (KeyboardInterrupt, Stopped):
            pass
        except Exception as error:  # noqa: BLE001 - an error nobody sees would be silence
            self.error = words(error)
        finally:
            self.following = False
            self.changed()

    # What can be done with one.

    def cancel(self) -> None:
        """Cancel the chosen one; what was answered by then is kept, and billed."""

        def work(caller: Caller) -> None:
            job = default_session().cancel_batch(self._need().id, caller=caller)
            self._look(caller)
            self.status = f"{job.id} is {self._need().status or 'being cancelled'}"

        self.start("cancelling", work)

    def results(self) -> None:
        """Read what the chosen one answered, into a variable."""

        def work(caller: Caller) -> None:
            out, batch = check_name(self.out), self._need()
            frame = default_session().get_batch(batch.id, caller=caller).results()
            bind(out, frame)
            self._read = batch.id
            cost = frame["cost"].sum(min_count=1) if "cost" in frame else None
            told = ""
            if cost is not None and cost == cost:  # noqa: PLR0124 - not NaN
                self._costs[batch.id] = float(cost)
                told = f", {usd(float(cost))}"
            self.status = f"{out}: {len(frame):,} rows{told}"

        self.start("reading results", work)

    def download(self) -> None:
        """Write the chosen one's output into a file; where there is none, its errors."""

        def work(caller: Caller) -> None:
            batch = self._need()
            file_id = batch.output_file_id or batch.error_file_id
            if not file_id:
                raise NebiusError(
                    f"The batch {batch.id} has no output: it is {batch.status or 'unknown'}",
                    hint="" if batch.state != "active" else "look again when it is over",
                )
            kind = "output" if batch.output_file_id else "errors"
            path = new_path(self.path, f"{batch.id}_{kind}.jsonl")
            default_session().download(file_id, path, caller=caller)
            self.status = f"saved as {path}"

        self.start("downloading", work)

    def _need(self) -> Batch:
        if self.batch is None:
            raise OptionError("There is no batch", hint="%%map --via batch makes one")
        return self.batch

    def to_cell(self) -> str:
        """Write the cell that lists them; once results were read, the one that reads them."""
        if self._read and self._read == self.chosen and _ID.fullmatch(self.chosen):
            return BATCHES.to_cell(BatchesOptions(words=f"{self.chosen} results", out=self.out))
        return BATCHES.to_cell(BatchesOptions(limit=self.limit))
