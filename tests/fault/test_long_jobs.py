"""A long job among faults, and one that sleeps while its connections are cut."""

import os
import signal
import time
from collections import Counter

import pytest

from tests.fault.children import run_job, start_job, until
from tests.fault.counts import proven, size
from tests.fault.job import Spec, distinct
from tests.fault.nursery import nursery
from tests.fault.paying import paying, start_paying

pytestmark = pytest.mark.fault

CHEAP = ("--price-in", "0.001", "--price-out", "0.001")
RUNS = 3
"""Most runs of one job: what was cut off twice is asked again by the next."""


def test_a_frame_with_faults_is_that_without(tmp_path):
    rows = size(5_000, 100_000)
    options = {"schema": "label good|bad, score float", "allow_failed": 0.05}
    broken, twice = Counter(), 0
    with nursery() as forge:
        with paying(tmp_path / "well", *CHEAP) as server:
            spec = Spec(server.url, rows, "long", options=options)
            expected = run_job(tmp_path / "files", tmp_path / "home-well", spec, forge)
        faults = ("--fail-every", "150", "--cut-every", "301")
        with paying(tmp_path / "faulty", *faults, *CHEAP) as server:
            spec.url = server.url
            for _ in range(RUNS):
                told = run_job(tmp_path / "files", tmp_path / "home", spec, forge)
                if told["statuses"] == {"ok": rows}:
                    break
            stats, counts = server.stats(), server.counts()
            twice = counts.total() - len(counts)
    broken["frames that differ"] = told["answers"] != expected["answers"]
    broken["types that differ"] = told["dtypes"] != expected["dtypes"]
    broken["rows not done"] = rows - told["statuses"].get("ok", 0)
    broken["rows never bought"] = distinct(rows) - len(counts)
    broken["bought twice, and not cut off"] = max(0, twice - stats["cut"])
    assert stats["cut"] > 0
    assert stats["failed_500"] > 0
    seen = {"cut off": stats["cut"], "server errors": stats["failed_500"], "bought twice": twice}
    proven("R19", "rows among 1 % faults", tried=rows, broken=dict(broken), seed=0, seen=seen)


def test_a_job_that_slept_goes_on(tmp_path):
    broken, tried, rows = Counter({"hanging": 0}), size(6, 50), 60
    with nursery() as forge:
        for number in range(tried):
            folder = tmp_path / str(number)
            server = start_paying(folder / "server", "--delay-ms", "20", *CHEAP)
            port = server.url.rpartition(":")[2].partition("/")[0]
            spec = Spec(server.url, rows, "asleep", in_flight=4)
            child = start_job(folder, folder / "home", spec, forge)
            wanted = 3 + 7 * number % 40
            until(lambda s=server, n=wanted: s.executed() >= n)
            os.kill(child.process.pid, signal.SIGSTOP)
            # while it sleeps, its connections are cut, and the server is another one
            server.process.kill()
            server.process.wait()
            server.stop()
            server = start_paying(folder / "server", "--delay-ms", "5", "--port", port, *CHEAP)
            time.sleep(0.05)
            os.kill(child.process.pid, signal.SIGCONT)
            told = child.wait()
            again = run_job(folder, folder / "home", spec, forge)
            counts = server.counts()
            broken["an error in the end"] += told["raised"] not in {"", "RowsFailed"}
            broken["rows not done"] += again["statuses"] != {"ok": rows}
            broken["rows never bought"] += distinct(rows) - len(counts)
            broken["bought more than twice"] += max(counts.values()) > 2
            broken["bought twice, and not cut off"] += counts.total() - len(counts) > 4
            server.stop()
    proven(
        "R13",
        "a sleep while all connections are cut",
        tried=tried,
        broken=dict(broken),
        seed=0,
    )
