"""A job through a broken network is whole when that is mended, and buys nothing twice."""

import random
from collections import Counter

import pandas as pd
import pytest

import nbnebius as neb
from tests.fault.chaos_proxy import FAULTS, ChaosProxy
from tests.fault.counts import proven, size
from tests.fault.in_thread import in_thread
from tests.fault.nine import NINE, Nine, Truth
from tests.fault.paying_answers import CHAT

pytestmark = pytest.mark.fault

SEED = 5
ROWS = 30


class Job:
    """One job through a broken network, and again when it is whole."""

    def __init__(self, number, fault, servers):
        self.nine, self.truth, self.loop = servers
        dice = random.Random(f"{SEED} job {number}")
        hits = dice.choice((1, 5, 40))
        self.proxy = ChaosProxy(self.nine.port, fault, hits, f"{SEED} job {number}")
        self.frame = pd.DataFrame({"text": [f"job {number}, text {n}" for n in range(ROWS)]})
        self.prompts = [f"Judge this: {text}" for text in self.frame["text"]]
        self.broken, self.seen = Counter(), Counter()

    def run(self):
        with self.loop.entered(self.proxy):
            neb.connect("x", self.proxy.url, timeout=0.5, max_retries=2)
            first = self._map()
            kept = {p: self.nine.executed[p] for p, status in first.items() if status == "ok"}
            self.seen["rows answered at once"] += len(kept)
            self.proxy.heal()
            neb.connect("x", self.proxy.url, timeout=60)
            second = self._map()
        self.broken["rows that the next run leaves out"] += Counter(second.values()) != {"ok": ROWS}
        for prompt, times in kept.items():
            self.broken["bought again after its answer was kept"] += (
                self.nine.executed[prompt] > times
            )

    def _map(self):
        """Run it; judge every row, and give how each stands."""
        try:
            found = neb.map(
                self.frame, "Judge this: {text}", concurrency=8, allow_failed=1, model=CHAT
            )
        except neb.NebiusError as error:
            self.seen["ended early"] += 1
            found = error.frame
        if found is None:
            return {}
        for prompt, answer, status in zip(
            self.prompts, found["answer"], found["neb_status"], strict=True
        ):
            right = self.loop.run(self.truth.answer(NINE[0], prompt))[0]
            answered = isinstance(answer, str)
            self.broken["wrong answer"] += answered and answer != right
            self.broken["an answer that is said to be none"] += answered and status != "ok"
            self.broken["said to be answered, and none"] += status == "ok" and not answered
        return dict(zip(self.prompts, found["neb_status"], strict=True))


def test_a_job_through_a_broken_network_is_whole_when_it_is_mended():
    faults = [fault for fault in FAULTS if fault.how not in {"refuse", "no TLS", "no name"}]
    nine, truth = Nine(), Truth()
    broken, seen, jobs = Counter(), Counter(), size(len(faults), 10 * len(faults))
    with in_thread(nine, truth) as loop:
        for number in range(jobs):
            job = Job(number, faults[number % len(faults)], (nine, truth, loop))
            job.run()
            if +job.broken:
                print(job.proxy.fault, dict(+job.broken))
            broken += job.broken
            seen += job.seen
    kinds = (
        "wrong answer",
        "an answer that is said to be none",
        "said to be answered, and none",
        "bought again after its answer was kept",
        "rows that the next run leaves out",
    )
    proven(
        "R5",
        "jobs through a broken network, and once more",
        tried=jobs,
        broken={kind: broken[kind] for kind in kinds},
        seed=SEED,
        seen=dict(seen),
    )
