"""Nothing that was committed is lost or bought again, however often a job is killed."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.fault.counts import proven, size
from tests.fault.kill_loop import Plan, run
from tests.fault.nursery import nursery

pytestmark = pytest.mark.fault

SEED = 7


SHAPE = "label good|bad|mixed, score int, why: in ten words"


# Few in flight are killed often: so most of a kill's cost is the kill's.
PLANS = [
    Plan(rows=900, in_flight=16, kills=size(34, 120), delay_ms=30.0),
    Plan(rows=900, in_flight=64, kills=size(5, 25), schema=SHAPE),
    Plan(rows=900, in_flight=256, kills=size(1, 5), delay_ms=50.0),
]


def test_a_job_survives_being_killed(tmp_path):
    broken, kills, kept, doubtful = Counter(), 0, 0, 0
    with nursery() as forge:
        for number, plan in enumerate(PLANS * size(1, 20)):
            seeded = replace(plan, seed=SEED + number)
            report = run(seeded, tmp_path / str(number), forge)
            print(report.table(seeded))
            broken += Counter(report.counts())
            kills += report.kills.total()
            kept += len(report.promises.kept)
            doubtful += report.promises.kills_with_doubt
            broken["kills that did not come"] += plan.kills - report.kills.total()
    assert kept > kills
    assert doubtful > 0
    named = {**report.counts(), **broken}
    seen = {"answers committed": kept, "kills that left some in doubt": doubtful}
    proven("R1", "kill -9 while a job runs", tried=kills, broken=named, seed=SEED, seen=seen)


def test_interrupts_leave_nothing_in_doubt_and_buy_nothing_twice(tmp_path):
    plan = Plan(rows=400, kills=10, seed=11, interrupt=True)
    report = run(plan, tmp_path)
    print(report.table(plan))
    assert report.broken == []
    assert report.executed == report.different
    proven(
        "R1",
        "an interrupt while a job runs",
        tried=report.kills.total(),
        broken={**report.counts(), "bought twice": report.executed - report.different},
        seed=plan.seed,
    )


def test_kept_calls_survive_being_killed(tmp_path):
    plan = Plan(rows=400, kills=8, by="chat", seed=3)
    report = run(plan, tmp_path)
    print(report.table(plan))
    assert report.broken == []
    assert report.kills.total() == 8
    assert len(report.promises.kept) >= 360


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        ("lost", ["5 committed answers were lost", "5 kept answers were bought again"]),
        ("changed", ["5 committed answers were lost", "is not that of an undisturbed run"]),
        ("rebought", ["5 kept answers were bought again", "5 executions have no intent"]),
    ],
)
def test_the_loop_finds_what_is_planted(tmp_path, plant, found):
    report = run(Plan(rows=400, kills=5, seed=5, plant=plant), tmp_path)
    told = "; ".join(report.broken)
    assert [one for one in found if one not in told] == []
