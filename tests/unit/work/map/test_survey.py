"""The requests of a frame: each once, by first appearance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.work.map.survey import KEY_BYTES, survey
from nbnebius.work.map.template import parse

pytestmark = pytest.mark.anyio


class Rows:
    def __init__(self, values):
        self.values = values

    @property
    def count(self):
        return len(self.values)

    def rows(self):
        return ((value,) for value in self.values)


class Keys:
    """Names texts by keys that end in zero bytes, the worst that could be."""

    def key(self, text):
        return text.encode()[: KEY_BYTES // 2].ljust(KEY_BYTES, b"\0")

    def characters(self, text):
        return len(text)


TEMPLATE = parse("{text}", ["text"])
TEXTS = st.lists(st.none() | st.sampled_from(["a", "b", "a ", "cc", "", "\0x", "c"]), max_size=30)


def by_hand(values):
    numbers, seen = [], {}
    for row, value in enumerate(values):
        if value is None or not value.strip():
            numbers.append(-1)
        else:
            numbers.append(seen.setdefault(value, (len(seen), row))[0])
    return numbers, [row for _, row in seen.values()], list(seen)


@given(TEXTS)
async def test_it_is_what_one_finds_by_hand(values):
    found = await survey(Rows(values), TEMPLATE, Keys())
    numbers, first, texts = by_hand(values)
    assert found.numbers.tolist() == numbers
    assert found.first.tolist() == first
    assert [found.key(n) for n in range(found.requests)] == [Keys().key(t) for t in texts]
    assert found.characters.tolist() == [len(text) for text in texts]
    assert found.requests == len(texts)
    assert found.skipped == numbers.count(-1)
    assert found.duplicates == len(values) - found.skipped - found.requests
    assert sorted(found.order.tolist()) == list(range(found.requests))
    ordered = [found.key(n) for n in found.order]
    assert ordered == sorted(ordered)


async def test_a_long_frame_is_one_survey():
    values = [f"row {n % 3000}" for n in range(9000)]

    class Hashed(Keys):
        def key(self, text):
            return text.encode().rjust(KEY_BYTES, b"\0")

    found = await survey(Rows(values), TEMPLATE, Hashed())
    assert found.requests == 3000
    assert found.numbers.tolist() == [n % 3000 for n in range(9000)]
