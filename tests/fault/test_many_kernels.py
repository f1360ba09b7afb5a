"""Two to eight processes do one job with one journal, and one of them is killed at random."""

import random
from collections import Counter

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


def one_run(server, forge, folder, dice, rows):
    """Start some, kill one of them, and count what is wrong with what the others got."""
    broken, start = Counter(), server.executed()
    spec = Spec(server.url, rows, folder.name, in_flight=IN_FLIGHT)
    home = folder / "home"
    children = [start_job(folder, home, spec, forge) for _ in range(dice.randint(2, 8))]
    doomed, wanted = dice.choice(children), start + dice.randint(1, distinct(rows) - 1)
    while server.executed() < wanted and doomed.is_running:
        pass
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


def test_many_kernels_buy_every_row_once(tmp_path):
    dice, broken, kernels, deaths = random.Random(SEED), Counter(), 0, 0
    tried, rows = size(4, 400), size(120, 600)
    options = ("--delay-ms", "8", "--price-in", "0.001", "--price-out", "0.001")
    with paying(tmp_path / "server", *options) as server, nursery() as forge:
        for number in range(tried):
            wrong, count, died = one_run(server, forge, tmp_path / f"run-{number}", dice, rows)
            if wrong.total():
                print(number, count, died, wrong)
            broken, kernels, deaths = broken + wrong, kernels + count, deaths + died
    assert deaths > tried / 2
    named = {**wrong, **broken}
    seen = {"kernels": kernels, "killed": deaths}
    proven(
        "R14", "kernels on one journal, one killed", tried=tried, broken=named, seed=SEED, seen=seen
    )
