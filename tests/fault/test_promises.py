"""The judge of the kill loop finds every kind of broken promise, and nothing where all is well."""

from collections import Counter

import pytest

from tests.fault.journal_reading import Call
from tests.fault.promises import Promises

pytestmark = pytest.mark.fault


def done(number, name):
    return Call(number, name.encode(), "done", name, f"digest of {name}")


def sent(number, name):
    return Call(number, name.encode(), "sent")


def look_twice(before, first, after, second, in_flight=2):
    promises = Promises(in_flight)
    promises.look(before, Counter(first), killed=True)
    promises.look(after, Counter(second), killed=True)
    return promises.broken()


def test_all_is_well():
    doubtful = Call(2, b"b", "possibly_paid")
    after = [done(1, "a"), doubtful, done(3, "b")]
    assert look_twice([done(1, "a"), sent(2, "b")], "ab", after, "abb") == []


def test_a_deleted_answer_is_lost():
    assert look_twice([done(1, "a"), done(2, "b")], "ab", [done(2, "b")], "ab") == [
        "1 committed answers were lost",
        "1 executions have no intent",
    ]


def test_an_answer_that_changed_is_lost():
    changed = Call(1, b"a", "done", "a", "another digest")
    assert look_twice([done(1, "a")], "a", [changed], "a") == ["1 committed answers were lost"]


def test_an_execution_after_the_answer_was_kept():
    told = look_twice([done(1, "a")], "a", [done(1, "a")], "aa")
    assert "1 kept answers were bought again" in told


@pytest.mark.parametrize("again", [done(2, "a"), sent(2, "a")])
def test_an_intent_after_the_answer_was_kept(again):
    told = look_twice([], "", [done(1, "a"), again], "a")
    assert told == ["1 kept answers were bought again"]


def test_an_execution_without_an_intent():
    assert look_twice([], "", [sent(1, "a")], "ab") == ["1 executions have no intent"]
    assert look_twice([], "", [done(1, "a")], "aa") == ["1 executions have no intent"]


def test_more_in_doubt_than_were_allowed_in_flight():
    many = [sent(n, f"row {n}") for n in range(3)]
    assert look_twice([], "", many, "") == ["3 rows in doubt at one kill, over 2"]


def test_an_answer_that_does_not_say_what_it_answers():
    assert look_twice([], "", [Call(1, b"a", "done", "", "x")], "") == [
        "1 kept answers cannot be read"
    ]
