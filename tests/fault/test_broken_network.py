"""However a connection breaks: a whole answer or an error, in time, and nothing bought twice."""

import asyncio
import itertools
import random
from collections import Counter
from dataclasses import dataclass, field

import anyio
import pytest

from nbnebius import errors
from nbnebius.client import AsyncClient
from nbnebius.journal import Journal
from nbnebius.transport import Timeouts, Transport
from tests.fault.chaos_proxy import FAULTS, ChaosProxy
from tests.fault.counts import proven, size
from tests.fault.nine import NINE, Nine, Truth, intent_of
from tests.fault.several import BATCHED, SEVERAL

pytestmark = pytest.mark.fault

SEED = 5
LOADS = (1, 2, 4)  # callers at once
EACH = 2  # questions of each caller, so that connections are used again
AT_ONCE = 10  # cells
LIMIT = 200.0  # seconds that no call may take, with the timeouts below
TIMEOUTS = Timeouts(connect=1.0, write=1.0, first_byte=0.4, idle=0.4, total=3.0)
KINDS = (
    "wrong answer",
    "silently cut",
    "hang",
    "bought again after its answer was kept",
    "made twice",
    "executed, and entered as if it was not",
    "sent without an entry",
    "an error of another kind",
    "a client that works no more",
)


@dataclass
class Books:
    """A recorder between transport and journal: what was entered about each key, in order."""

    journal: Journal
    executed: Counter
    names: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    sent: Counter = field(default_factory=Counter)
    doubtful: Counter = field(default_factory=Counter)
    kept: dict = field(default_factory=dict)

    async def sending(self, intent, attempt):
        self.sent[intent.key] += 1
        record = await self.journal.sending(intent, attempt)
        self.keys[record] = intent.key
        return record

    async def received(self, record, data):
        await self.journal.received(record, data)

    async def ended(self, record, outcome):
        await self.journal.ended(record, outcome)
        key = self.keys[record]
        if outcome.state in {"possibly_paid", "partial"}:
            self.doubtful[key] += 1
        elif outcome.state == "done":
            self.kept[key] = self.executed[self.names[key]]

    def judge(self, broken):
        for key, name in self.names.items():
            times = self.executed[name]
            broken["bought again after its answer was kept"] += times > self.kept.get(key, times)
            broken["sent without an entry"] += times > self.sent[key]
            unsaid = times - (key in self.kept) - self.doubtful[key]
            broken["executed, and entered as if it was not"] += unsaid > 0


class Cell:
    """One fault at one endpoint, under one load."""

    def __init__(self, number, fault, endpoint, load, spared=0):
        self.number, self.fault, self.endpoint, self.load = number, fault, endpoint, load
        self.spared = spared
        self.seen = Counter()
        self.broken = Counter()

    async def run(self, nine, truth, books):
        self.truth = truth
        dice = random.Random(f"{SEED} {self.number}")
        hits = dice.choice((1, self.load, 1_000_000))
        seed = f"{SEED} {self.number}"
        async with ChaosProxy(nine.port, self.fault, hits, seed, self.spared) as proxy:
            transport = Transport(
                proxy.url,
                None,
                timeouts=TIMEOUTS,
                max_retries=2,
                recorder=books,
                # pauses between attempts are tested on a clock of their own
                sleep=lambda seconds: anyio.sleep(seconds / 50),
            )
            async with AsyncClient(transport=transport) as client:
                async with asyncio.TaskGroup() as callers:
                    for caller in range(self.load):
                        callers.create_task(self._call(client, books, caller))
                self.seen["struck"] += proxy.struck
                proxy.heal()
                if self.fault.how not in {"refuse", "no TLS", "no name"}:
                    await self._works(client, books)
        for question in self._questions():
            if self.endpoint.kind == "made":
                made = (nine.executed[name] for name in (question, BATCHED.format(question)))
                self.broken["made twice"] += max(made) > 1

    def _questions(self):
        return [f"cell {self.number} question {n}" for n in range(self.load * EACH)]

    async def _call(self, client, books, caller):
        for question in self._questions()[caller * EACH : (caller + 1) * EACH]:
            await self._ask(client, books, question)

    async def _ask(self, client, books, question):
        """Ask, and judge what comes; tell whether it is the right answer."""
        if self.endpoint.kind == "paid":
            books.names[intent_of(self.endpoint.name, question).key] = question
        right = await self.truth.answer(self.endpoint, question)
        try:
            got = await asyncio.wait_for(self.endpoint.ask(client, question), LIMIT)
        except errors.NebiusError as error:
            self.seen["errors"] += 1
            partial = getattr(error, "partial", "")
            self.broken["wrong answer"] += not (partial == "" or right[0].startswith(partial))
            return False
        except TimeoutError:
            self.broken["hang"] += 1
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            print(self.fault, self.endpoint.name, repr(error))
            self.broken["an error of another kind"] += 1
            return False
        self.seen["answers"] += 1
        if got != right:
            short = len(str(got)) < len(str(right))
            self.broken["silently cut" if short else "wrong answer"] += 1
            print(self.fault, self.endpoint.name, got, right)
        return got == right

    async def _works(self, client, books):
        """After it all, the same client gets its answer: no connection is lost or poisoned."""
        for number in range(5):
            if await self._ask(client, books, f"cell {self.number} after {number}"):
                return
        self.broken["a client that works no more"] += 1


def try_all(cells, folder, what):
    """Try every cell, and keep what they counted."""
    broken, seen = Counter(), Counter()

    async def run(journal):
        at_once = asyncio.Semaphore(AT_ONCE)
        async with Nine() as nine, Truth() as truth:
            books = Books(journal, nine.executed)

            async def one(cell):
                async with at_once:
                    await cell.run(nine, truth, books)

            await asyncio.gather(*(one(cell) for cell in cells))
            books.judge(broken)

    journal = Journal(folder / "journal.sqlite")
    try:
        with asyncio.Runner() as runner:
            runner.run(run(journal))
    finally:
        journal.close()
    for cell in cells:
        if +cell.broken:
            print(cell.fault, cell.endpoint.name, cell.load, dict(+cell.broken))
        broken += cell.broken
        seen += cell.seen
    proven(
        "R5",
        what,
        tried=len(cells),
        broken={kind: broken[kind] for kind in KINDS},
        seed=SEED,
        seen=dict(seen),
    )


def test_every_fault_at_every_endpoint(tmp_path):
    every = list(itertools.product(range(15), FAULTS, NINE, LOADS))
    random.Random(SEED).shuffle(every)
    cells = [Cell(number, *at) for number, (_, *at) in enumerate(every[: size(648, 12_555)])]
    try_all(cells, tmp_path, "connections broken at every stage of every endpoint")


def test_every_fault_at_a_later_exchange(tmp_path):
    """What was answered before leaves a connection that is kept, and breaks as it is used again."""
    faults = [fault for fault in FAULTS if fault.how not in {"refuse", "no TLS", "no name"}]
    every = itertools.product(range(size(1, 10)), faults, SEVERAL, (1, 2))
    cells = [
        Cell(f"later {number}", fault, call, 1, spared=spared)
        for number, (_, fault, call, spared) in enumerate(every)
    ]
    try_all(cells, tmp_path, "connections broken at a later exchange of a call")
