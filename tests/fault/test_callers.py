"""Calls from loops, threads and forked or spawned processes end, and no two share a connection."""

import json
import subprocess
import urllib.request
from collections import Counter, defaultdict

import pytest

from tests.fault.callers import CELLS
from tests.fault.counts import proven, size
from tests.fault.nursery import nursery
from tests.fault.paying import paying

pytestmark = pytest.mark.fault

SIZES = (1, 3, 8)
LONGEST = 120  # seconds; a cell takes less than one


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_calls_from_anywhere(tmp_path):
    broken, tried = Counter({"hanging": 0, "shared connections": 0, "unanswered": 0}), 0
    sizes = SIZES * size(1, 8)
    with paying(tmp_path / "server", "--delay-ms", "2") as server, nursery() as forge:
        for number, (cell, count) in enumerate((c, n) for c in CELLS for n in sizes):
            tried += 1
            out, said = tmp_path / f"out-{number}", tmp_path / f"said-{number}"
            args = (cell, str(count), server.url, str(out))
            home = str(tmp_path / f"home-{number}")
            child = forge.start("tests.fault.callers:main", *args, said=said, NBNEBIUS_HOME=home)
            try:
                child.wait(LONGEST)
            except subprocess.TimeoutExpired:
                broken["hanging"] += 1
                child.kill()
                child.wait()
                continue
            told = lines_of(out)
            failed = not (tmp_path / f"out-{number}.done").exists()
            broken["unanswered"] += failed or not told
            broken["unanswered"] += sum(not (t.get("answered") or t.get("refused")) for t in told)
            if failed:
                print(cell, count, said.read_text()[-2000:])
            with urllib.request.urlopen(f"{server.root}/ports") as answer:
                ports = json.load(answer)
            by_port = defaultdict(set)
            for one in told:
                if one.get("answered"):
                    by_port[ports[one["question"]]].add(one["process"])
            broken["shared connections"] += sum(len(who) > 1 for who in by_port.values())
            forks = sum("refused" in one for one in told)
            broken["forked calls that were not refused"] += forks != count * (cell[:4] == "fork")
    proven("R16", "calls from loops, threads, forks and spawns", tried=tried, broken=dict(broken))
