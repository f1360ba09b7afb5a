"""The outcomes of a job's requests, and their sums."""

import math

from hypothesis import given
from hypothesis import strategies as st

from nbnebius.types.usage import Usage
from nbnebius.work.map.book import STATUSES, Book, Found

OUTCOMES = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from(STATUSES[1:]),
        st.booleans(),
        st.sampled_from([0.0, 0.5, 2.0]),
    ),
    max_size=30,
)


@given(OUTCOMES)
def test_the_sums_are_those_of_the_last_outcomes(outcomes):
    book, last, paid = Book(10), {}, 0.0
    for number, status, cached, cost in outcomes:
        found = Found(status, "x", answered=True, usage=Usage(3, 2, 5), cost=cost)
        book.enter(number, found, cached=cached)
        last[number] = status
        paid += 0 if cached else cost
    for status in STATUSES[1:]:
        assert getattr(book.counts, status) == list(last.values()).count(status)
    assert book.counts.done == len(last)
    assert book.open == 10 - len(last)
    assert [book.is_open(n) for n in range(10)] == [n not in last for n in range(10)]
    assert book.counts.cost == paid


def test_a_later_outcome_replaces_the_error_of_an_earlier_one():
    book = Book(2)
    book.enter(0, Found("failed", error="no"))
    assert book.errors == {0: "no"}
    book.enter(0, Found("ok", "yes", answered=True, cost=1.0))
    assert book.errors == {}
    assert (book.counts.failed, book.counts.ok, book.counts.bought) == (0, 1, 1)


def test_what_is_free_what_is_unknown_and_what_is_kept():
    book = Book(4)
    book.enter(0, Found("failed", error="refused"))
    book.enter(1, Found("ok", "x", answered=True, cost=None))
    book.enter(2, Found("ok", "x", answered=True, cost=3.0), cached=True)
    book.enter(3, Found("possibly_paid", error="lost"))
    assert book.cost[0] == 0
    assert math.isnan(book.cost[1])
    assert book.cost[2] == 0
    assert math.isnan(book.cost[3])
    assert book.counts.cost is None
    assert book.counts.kept == 1


def test_equal_labels_are_held_once_and_long_texts_are_not_touched():
    book = Book(4)
    for number in range(2):
        label = b"positive".decode()  # another text each time
        book.enter(number, Found("ok", {"label": label, "n": number}))
    assert book.values[0]["label"] is book.values[1]["label"]
    assert book.values[1] == {"label": "positive", "n": 1}
    long = "x" * 1000
    book.enter(2, Found("ok", long))
    assert book.values[2] == long
