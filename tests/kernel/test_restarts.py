"""A kernel that is restarted or killed while a job runs: the journal is whole, and it goes on."""

import os
import random
import signal
from collections import Counter
from functools import partial

import pytest

from tests.fault.children import until
from tests.fault.counts import proven, size
from tests.fault.journal_reading import integrity, read_calls
from tests.fault.paying import paying
from tests.fault.promises import Promises

pytestmark = [pytest.mark.kernel, pytest.mark.fault]

SEED = 12
ROWS = 120
IN_FLIGHT = 4
JOB = "%%map rows -o judged\nJudge: {text}"
READY = f"""
import pandas as pd, nbnebius as neb
rows = pd.DataFrame({{'text': [f'text {{n}} of round {{round_}}' for n in range({ROWS})]}})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    options = ("--delay-ms", "60", "--price-in", "0.001", "--price-out", "0.001")
    with paying(tmp_path_factory.mktemp("paying"), *options) as running:
        yield running


def has_executed(server, count):
    return server.executed() >= count


def test_a_restart_or_a_kill_loses_nothing(start_kernel, server):
    kernel = start_kernel(NEBIUS_BASE_URL=server.url, NEBIUS_API_KEY="x")
    journal = kernel.folder / "state" / "journal.sqlite"
    dice, promises, broken, rounds = random.Random(SEED), Promises(IN_FLIGHT), Counter(), 0
    kernel.ok(f"round_ = 0\n{READY}")
    tried = size(8, 60)
    for number in range(tried):
        before = server.executed()
        kernel.begin(JOB.replace("judged", f"judged --concurrency {IN_FLIGHT}"))
        wanted = min(before + dice.randint(1, 40), (rounds + 1) * ROWS)
        until(partial(has_executed, server, wanted))
        if number % 2:
            os.kill(kernel.manager.provisioner.pid, signal.SIGKILL)
        kernel.restart()
        server.quiet()
        promises.look(read_calls(journal), server.counts(), killed=True)
        broken["journal damaged"] += integrity(journal) != "ok"
        kernel.ok(f"round_ = {rounds}\n{READY}", store_history=False)
        if len(promises.kept) >= (rounds + 1) * ROWS - 3 * IN_FLIGHT or number == tried - 1:
            kernel.ok(JOB)
            broken["rows not done"] += kernel.value("set(judged.neb_status)") != "{'ok'}"
            rounds += 1
            kernel.ok(f"round_ = {rounds}\n{READY}", store_history=False)
    server.quiet()
    calls = read_calls(journal)
    promises.look(calls, server.counts(), killed=False)
    broken["answers lost"] = len(promises.lost) + len(promises.unnamed)
    broken["kept answers bought again"] = len(promises.bought_again)
    broken["sent without an intent"] = sum(promises.unrecorded.values())
    broken["more in doubt than in flight"] = promises.most_in_doubt > IN_FLIGHT
    broken["still called sent"] = sum(call.state == "sent" for call in calls)
    seen = {"in doubt": promises.all_in_doubt, "answers kept": len(promises.kept)}
    proven(
        "R12",
        "kernels restarted or killed in the middle of a job",
        tried=tried,
        broken=broken,
        seed=SEED,
        seen=seen,
    )
