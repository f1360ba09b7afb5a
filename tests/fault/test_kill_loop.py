"""Nothing that was committed is lost or bought again, however often a job is killed."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.fault.counts import proven, size
from tests.fault.kill_loop import Plan, run_several

pytestmark = pytest.mark.fault

SEED = 7
AT_ONCE = 3  # loops: most of a kill is waiting for its moment
SHAPE = "label good|bad|mixed, score int, why: in ten words"


# Few in flight are killed often: so most of a kill's cost is the kill's.
PLANS = [
    Plan(rows=900, in_flight=16, kills=size(60, 120), delay_ms=30.0),
    Plan(rows=900, in_flight=64, kills=size(12, 25), schema=SHAPE),
    Plan(rows=900, in_flight=256, kills=size(3, 5), delay_ms=50.0),
]


def test_a_job_survives_being_killed(tmp_path):
    every = enumerate(PLANS * size(4, 20))
    plans = [replace(plan, seed=SEED + number) for number, plan in every]
    reports = run_several(plans, tmp_path, AT_ONCE)
    broken, seen, kills = Counter(), Counter(), 0
    for plan, report in zip(plans, reports, strict=True):
        print(report.table(plan))
        broken.update(report.counts())
        broken["kills that did not come"] += plan.kills - report.kills.total()
        kills += report.kills.total()
        seen["answers committed"] += len(report.promises.kept)
        seen["kills that left some in doubt"] += report.promises.kills_with_doubt
        seen["kills in the middle of a commit"] += report.half_done
    assert seen["answers committed"] > kills
    assert seen["kills that left some in doubt"] > 0
    assert seen["kills in the middle of a commit"] > 0
    proven("R1", "kill -9 while a job runs", tried=kills, broken=broken, seed=SEED, seen=seen)
