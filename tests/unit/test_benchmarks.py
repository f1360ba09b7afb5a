"""Benchmarks: that they run, compare round by round, and say truly whether a goal was met."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import arithmetic, map
from benchmarks.__main__ import BEGIN, END, QUESTIONS, put_into
from benchmarks.contest import Goal, Spent, Table, number
from benchmarks.stub import counts_at, running

ROOT = Path(__file__).parents[2]


def spent(*walls):
    return [Spent(wall, wall / 2, 1.0) for wall in walls]


@pytest.mark.parametrize(
    ("least", "reached", "met"),
    [(True, 5.0, True), (True, 4.9, False), (False, 5.0, True), (False, 5.1, False)],
)
def test_a_goal_is_met_on_its_side_of_the_limit(least, reached, met):
    goal = Goal("rows", 5, reached, least)
    assert goal.is_met is met
    assert ("missed" in goal.row()) is not met


def test_a_goal_without_its_peer_is_neither_met_nor_missed():
    goal = Goal("rows", 5, None)
    assert goal.is_met is None
    assert "not installed" in goal.row()


def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_medians():
    table = Table("t", "row", 10, {"a": spent(1, 9, 4), "b": spent(2, 3, 4)}, "b")
    assert table.ratio("a", "b") == 1.0
    assert table.ratio("a", "nobody") is None
    assert "| a | 2 | 400,000 | 200,000 | 1 | 1.00 | 1.00 |" in table.markdown()


@pytest.mark.parametrize(
    ("value", "written"), [(1234.5, "1,234"), (12.34, "12.3"), (1.234, "1.23"), (0.0312, "0.031")]
)
def test_numbers_have_as_many_digits_as_mean_something(value, written):
    assert number(value) == written


def test_the_page_of_limits_is_what_is_multiplied():
    assert arithmetic.page() in arithmetic.PAGE.read_text()


def test_tables_take_the_place_between_a_pages_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put_into(page, "new")
    put_into(page, "newer")
    assert page.read_text() == f"before\n{BEGIN}\n\nnewer\n\n{END}\nafter\n"


def test_every_question_is_explained_where_its_figures_stand():
    page = (ROOT / "docs" / "performance.md").read_text()
    assert [name for name in QUESTIONS if f"`{name}`" not in page] == []


def test_a_frame_is_bought_row_by_row_and_kept():
    table = map.twice(300, 16)
    assert table.median(map.FIRST, "requests") == 300
    assert table.median(map.SECOND, "requests") == 0


def test_the_stub_counts_what_it_is_asked():
    with running() as url:
        before = counts_at(url)
        assert before["asked"] == 0
        assert counts_at(url)["connections"] == before["connections"] + 1


def test_questions_can_be_chosen_and_a_wrong_one_is_named():
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "there is no speed; there are limit, loading" in told.stderr
