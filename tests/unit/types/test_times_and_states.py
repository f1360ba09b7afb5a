import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.types.batches import Batch, batch_state, message_of
from nbnebius.types.times import LATEST, seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1730723658, 1730723658.0),
        ("1730723658", 1730723658.0),
        (1730723658000, 1730723658.0),
        ("2024-11-04T12:34:18Z", 1730723658.0),
        ("2024-11-04T13:34:18+01:00", 1730723658.0),
        ("2024-11-04 12:34:18", 1730723658.0),
        *(
            (nothing, None)
            for nothing in (None, "", "soon", 0, -1, True, [], {}, 1e300, "nan", "inf")
        ),
    ],
)
def test_moments(value, expected):
    assert seconds(value) == expected


@given(st.text() | st.floats() | st.integers() | st.none())
def test_a_moment_is_one_or_none(value):
    found = seconds(value)
    assert found is None or 0 < found <= LATEST


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("done", ["completed", "done", "DONE "]),
        ("failed", ["failed", "expired", "cancelled", "canceled", "error"]),
        ("active", ["validating", "validated", "queued", "running", "in_progress", "finalizing"]),
        ("active", ["cancelling", "", None, "a word nobody documented"]),
    ],
)
def test_states(state, words):
    assert {batch_state(word) for word in words} == {state}


def test_a_batch_tells_its_end_and_why():
    assert Batch(expired_at=7).ended_at == 7
    assert Batch().ended_at is None
    errors = {"object": "list", "data": [{"code": "x", "message": "line 1 is bad", "line": 1}]}
    assert Batch(errors=errors).error == "line 1 is bad"
    assert Batch(errors={"data": []}).error is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "data"]), inner),
    )
)
def test_words_of_any_error(value):
    assert message_of(value) != ""
