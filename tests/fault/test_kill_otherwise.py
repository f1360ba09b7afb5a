"""Interrupts and single calls likewise; and the loop of kills sees what it is there to see."""

import pytest

from tests.fault.counts import proven
from tests.fault.kill_loop import Plan, run

pytestmark = pytest.mark.fault


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
