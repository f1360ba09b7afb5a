import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.types.usage import MOST_TOKENS, Usage, count, read_usage


def test_the_shapes():
    nested = read_usage({
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "completion_tokens_details": {"reasoning_tokens": 2},
        "prompt_tokens_details": {"cached_tokens": 1},
    })  # fmt: skip
    flat = read_usage(
        {"prompt_tokens": 3, "completion_tokens": 4, "reasoning_tokens": 2, "cached_tokens": 1}
    )
    assert nested == flat == Usage(3, 4, 7, 2, 1)


@pytest.mark.parametrize("wire", [None, {}, [], "x", {"requests": 1}])
def test_nothing_known(wire):
    assert read_usage(wire) is None


@pytest.mark.parametrize("value", [-1, float("nan"), 1e18, "x", True, None, [], float("inf")])
def test_what_cannot_be_a_count(value):
    assert count(value) is None
    assert read_usage({"prompt_tokens": value, "total_tokens": 1}).prompt_tokens == 0


@given(st.integers() | st.floats() | st.text() | st.booleans())
def test_a_count_is_always_in_range(value):
    found = count(value)
    assert found is None or 0 <= found <= MOST_TOKENS


def test_frozen():
    with pytest.raises(AttributeError):
        Usage().prompt_tokens = 1
