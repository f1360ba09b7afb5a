"""Whatever a user does, in any order: what was bought is kept, told, and never bought again."""

import contextlib
import itertools
import json
import os
import shutil
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path
from typing import ClassVar

import apsw
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

import nbnebius as neb
from nbnebius.session import close_default
from tests.fault.counts import proven, size
from tests.fault.disk import Failing
from tests.fault.job import TEMPLATE
from tests.fault.journal_reading import integrity, read_calls, select
from tests.fault.other_sqlite import Disk, installed
from tests.fault.paying import paying
from tests.fault.promises import Promises

pytestmark = pytest.mark.fault

STEPS = 50
IN_FLIGHT = 4
BULK = {"concurrency": IN_FLIGHT, "max_tokens": 40}
QUESTIONS = st.integers(0, 11)
ROWS = st.lists(QUESTIONS, min_size=1, max_size=8)
FAULTS = st.sampled_from(
    [
        ("write", apsw.SQLITE_IOERR_WRITE),
        ("sync", apsw.SQLITE_IOERR_FSYNC),
        ("write", apsw.SQLITE_FULL),
        ("try", apsw.SQLITE_CANTOPEN),
    ]
)
NEVER_SEEN = {
    "answers lost": 0,
    "bought after its answer was committed": 0,
    "bought without an intent": 0,
    "still called sent after a restart": 0,
    "another answer than before": 0,
    "money told is not the server's": 0,
    "journal damaged": 0,
    "an error in other words": 0,
}
_numbers = itertools.count()


class AnyOrder(RuleBasedStateMachine):
    """A user, a disk that fails at times, and the server's books."""

    server = None
    folder = None
    failing = None
    totals: ClassVar[Counter] = Counter()
    steps = 0
    actions: ClassVar[Counter] = Counter()

    def __init__(self):
        super().__init__()
        self.broken = Counter()
        self.home = self.folder / f"home-{next(_numbers)}"
        self.answers = {}  # by question, as first heard
        self.frame = pd.DataFrame({"text": ["question 0"]})
        self.failed = False  # since the disk was last known to be well
        self._forget()

    def _forget(self):
        self.start = self.server.executed()
        self.paid = self._bill()
        self.promises = Promises(IN_FLIGHT)

    def _bill(self):
        with urllib.request.urlopen(f"{self.server.root}/stats") as answer:
            return json.load(answer)["cost"]

    @initialize()
    def begin(self):
        os.environ["NBNEBIUS_HOME"] = str(self.home)
        self.failing.well()
        neb.connect("x", self.server.url)

    def _hear(self, question, text):
        self.broken["another answer than before"] += self.answers.setdefault(question, text) != text

    @contextlib.contextmanager
    def _may_fail(self, what):
        """Take in an error that a failing disk may cause; any other is a broken promise."""
        self.actions[what] += 1
        try:
            yield
        except neb.NebiusError as error:
            expected = self.failed and isinstance(error, neb.JournalError)
            self.broken["an error in other words"] += not expected
            if not expected:
                print(what, repr(error), error.why)

    @rule(number=QUESTIONS)
    def call(self, number):
        with self._may_fail("call"):
            self._hear(
                ("chat", number), neb.chat(f"question {number}", cache=True, max_tokens=40).text
            )

    @rule(number=QUESTIONS)
    def stream(self, number):
        with self._may_fail("stream"):
            text = "".join(neb.chat(f"question {number}", cache=True, stream=True, max_tokens=40))
            self._hear(("chat", number), text)

    @rule(number=QUESTIONS, pieces=st.integers(0, 4))
    def leave_a_stream(self, number, pieces):
        with (
            self._may_fail("leave a stream"),
            neb.chat(f"question {number}", cache=True, stream=True, max_tokens=40) as stream,
        ):
            list(itertools.islice(stream, pieces))

    @rule(numbers=ROWS)
    def edit_the_frame(self, numbers):
        self.actions["edit the frame"] += 1
        self.frame = pd.DataFrame({"text": [f"question {n}" for n in numbers]})

    @rule()
    def resume(self):
        with self._may_fail("resume"):
            self._hear_rows(neb.map(self.frame, TEMPLATE, **BULK))

    @rule(executions=st.integers(0, 3))
    def interrupt(self, executions):
        before = self.server.executed()
        with self._may_fail("interrupt"):
            job = neb.map(self.frame, TEMPLATE, background=True, **BULK)
            while self.server.executed() - before < executions and not job.done:
                pass
            job.cancel()
            try:
                frame = job.wait(60)
            except neb.Stopped as stopped:
                frame = stopped.frame
            self._hear_rows(frame)

    def _hear_rows(self, frame):
        done = frame[frame["neb_status"] == "ok"]
        for text, answer in zip(done["text"], done["answer"], strict=True):
            self._hear(("row", text), answer)

    @rule()
    def restart(self):
        self.failing.well()
        with self._may_fail("restart"):
            close_default()
            neb.connect("x", self.server.url)
            neb.chat(
                "question 0", cache=True, max_tokens=40
            )  # the journal is opened by the first call
        self.failed = False
        sent = select(self.journal, "SELECT count(*) FROM calls WHERE state = 'sent'")
        self.broken["still called sent after a restart"] += sent[0][0]

    @rule()
    def purge(self):
        self.failing.well()
        with self._may_fail("purge"):
            neb.chat(
                "question 0", cache=True, max_tokens=40
            )  # what could not be written is written now
            self.look()
            neb.session.default_session().purge(everything=True, yes=True)
            self._forget()

    @rule(fault=FAULTS, after=st.integers(0, 25), times=st.sampled_from([1, 2, 10**9]))
    def break_the_disk(self, fault, after, times):
        self.actions["break the disk"] += 1
        self.failed = True
        self.failing.ail(*fault, after, times)

    @rule()
    def mend_the_disk(self):
        self.actions["mend the disk"] += 1
        self.failing.well()

    @property
    def journal(self):
        return self.home / "journal.sqlite"

    @invariant()
    def look(self):
        type(self).steps += 1
        self.server.quiet()
        counts = Counter(one.key for one in self.server.executions(self.start))
        seen, broken = self.promises, self.broken
        before = len(seen.lost), len(seen.bought_again), sum(seen.unrecorded.values())
        seen.look(read_calls(self.journal), counts, killed=False)
        broken["answers lost"] += len(seen.lost) - before[0]
        broken["bought after its answer was committed"] += len(seen.bought_again) - before[1]
        broken["bought without an intent"] += sum(seen.unrecorded.values()) - before[2]
        if self.failing.kind or self.failed:
            return  # what could not be written is told as soon as it can
        told = select(
            self.journal,
            # whole or not: a stream that is left before its last frame has told no cost
            "SELECT coalesce(sum(cost), 0), coalesce(sum(cost_bound) FILTER (WHERE state IN"
            " ('done', 'partial', 'possibly_paid') AND cost IS NULL), 0) FROM calls",
        )
        known, doubtful = told[0] if told else (0.0, 0.0)
        paid = self._bill() - self.paid
        if not known - 1e-12 <= paid <= known + (doubtful + 1e-12):
            broken["money told is not the server's"] += 1
            print("paid", paid, "told", known, "and at most", doubtful, "more")
            print(select(self.journal, "SELECT id, state, cost, cost_bound, error FROM calls"))

    def teardown(self):
        self.failing.well()
        close_default()
        self.broken["journal damaged"] += integrity(self.journal) != "ok"
        shutil.rmtree(self.home, ignore_errors=True)
        self.totals.update(self.broken)
        assert not self.broken.total(), self.broken


def test_any_order_of_actions(tmp_path, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path))
    options = ("--delay-ms", "2", "--piece-ms", "1", "--price-in", "0.01", "--price-out", "0.01")
    disk = Disk("any order", failing := Failing())
    with (
        paying(tmp_path / "server", *options) as server,
        tempfile.TemporaryDirectory() as folder,
        installed("any order"),
    ):
        AnyOrder.server, AnyOrder.folder, AnyOrder.failing = server, Path(folder), failing
        AnyOrder.totals, AnyOrder.steps, AnyOrder.actions = Counter(), 0, Counter()
        run_state_machine_as_test(
            AnyOrder,
            settings=settings(
                max_examples=size(24, 400),
                stateful_step_count=STEPS,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    disk.unregister()
    proven(
        "R20",
        "steps in any order, with a disk that fails",
        tried=AnyOrder.steps,
        broken={**NEVER_SEEN, **AnyOrder.totals},
        seed=0,
        seen=dict(AnyOrder.actions),
    )
