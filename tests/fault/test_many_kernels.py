"""Two to eight processes do one job with one journal, and one of them is killed at random."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from tests.fault.children import start_job
from tests.fault.counts import proven, size
from tests.fault.job import Spec, distinct
from tests.fault.journal_reading import integrity, read_calls
from tests.fault.nursery import nursery
from tests.fault.paying import paying
from tests.fault.promises import Promises

pytestmark = pytest.mark.fault

SEED = 14
IN_FLIGHT = 8
AT_ONCE = 3  # runs
SLICE = 0.001  # seconds between two looks


def one_run(server, forge, folder, dice, rows):
    """Start some, kill one of them, and count what is wrong with what the others got."""
    broken, start = Counter(), server.executed()
    spec = Spec(server.url, rows, folder.name, in_flight=IN_FLIGHT)
    home = folder / "home"
    children = [start_job(folder, home, spec, forge) for _ in range(dice.randint(2, 8))]
    doomed, wanted = dice.choice(children), start + dice.randint(1, distinct(rows) - 1)
    while server.executed() < wanted and doomed.is_running:
        sleep(SLICE)
    died = doomed.is_running
    doomed.kill()
    died = died and not doomed.out.exists()
    told = [child.wait() for child in children if child is not doomed]
    server.quiet()
    counts = Counter(one.key for one in server.executions(start))
    calls = read_calls(home / "journal.sqlite")
    promises = Promises(IN_FLIGHT)
    promises.look(calls, counts, killed=False)
    in_doubt = sum(call.state == "possibly_paid" for call in calls)
    broken["rows bought twice, and not in doubt"] += max(
        0, counts.total() - len(counts) - (in_doubt if died else 0)
    )
    broken["more in doubt than one had in flight"] += in_doubt > IN_FLIGHT
    broken["still called sent"] += sum(call.state == "sent" for call in calls)
    broken["kept answers bought again"] += len(promises.bought_again)
    broken["sent without an intent"] += sum(promises.unrecorded.values())
    broken["told of a lock, or of anything else"] += sum(bool(one["raised"]) for one in told)
    broken["frames that are not whole"] += sum(one["statuses"] != {"ok": rows} for one in told)
    broken["frames that differ"] += sum(one["answers"] != told[0]["answers"] for one in told)
    broken["journal damaged"] += integrity(home / "journal.sqlite") != "ok"
    return broken, len(children), died


def some_runs(numbers, folder, forge, rows):
    """Make one run after the other, with one server."""
    runs = []
    options = ("--delay-ms", "8", "--price-in", "0.001", "--price-out", "0.001")
    with paying(folder / "server", *options) as server:
        for number in numbers:
            dice = random.Random(f"{SEED} {number}")
            runs.append(one_run(server, forge, folder / f"run-{number}", dice, rows))
            if runs[-1][0].total():
                print(number, *runs[-1])
    return runs


def test_many_kernels_buy_every_row_once(tmp_path):
    broken, kernels, deaths = Counter(), 0, 0
    tried, rows = size(20, 400), size(120, 600)
    with nursery() as forge, ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [
            pool.submit(some_runs, range(first, tried, AT_ONCE), tmp_path / str(first), forge, rows)
            for first in range(AT_ONCE)
        ]
        for wrong, count, died in (run for part in parts for run in part.result()):
            broken, kernels, deaths = broken + wrong, kernels + count, deaths + died
    assert deaths > tried / 2
    named = {**wrong, **broken}
    seen = {"kernels": kernels, "killed": deaths}
    proven(
        "R14", "kernels on one journal, one killed", tried=tried, broken=named, seed=SEED, seen=seen
    )
