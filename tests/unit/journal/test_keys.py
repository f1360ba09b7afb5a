"""A request's key holds everything that shapes its answer, and nothing else."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nbnebius.journal import own_key, request_key, text_key

NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
LEAVES = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=5)
CHAT = "chat/completions"


def key(body, service="nebius", endpoint=CHAT, repeat=0):
    return request_key(service, endpoint, body, repeat=repeat)


@given(BODIES, NAMES, VALUES)
def test_any_other_value_of_any_field_is_another_key(body, name, value):
    changed = {**body, name: value}
    assume(json.dumps(changed, sort_keys=True) != json.dumps(body, sort_keys=True))
    assert key(changed) != key(body)


@given(BODIES)
def test_a_field_less_is_another_key(body):
    for name in body:
        assert key({k: v for k, v in body.items() if k != name}) != key(body)


@given(BODIES)
def test_the_order_of_fields_does_not_matter(body):
    assert key(dict(reversed(body.items()))) == key(body)


@given(BODIES, NAMES)
def test_how_it_travels_and_what_is_left_out_do_not_matter(body, name):
    assume(name not in body)
    dressed = {
        **body,
        "stream": True,
        "stream_options": {"include_usage": True},
        "encoding_format": "base64",
        name: None,
    }
    assert key(dressed) == key(body)


@given(BODIES)
def test_service_endpoint_and_repeat_are_part_of_it(body):
    keys = {
        key(body),
        key(body, service="sandbox:1"),
        key(body, endpoint="embeddings"),
        key(body, repeat=1),
    }
    assert len(keys) == 4


def test_one_and_one_point_nought_and_true_are_three_requests():
    keys = {key({"x": value}) for value in (1, 1.0, True, "1", None, "", [1], {"a": 1})}
    assert len(keys) == 8


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_hold_is_refused(number):
    with pytest.raises(ValueError, match="JSON"):
        key({"temperature": number})


def test_half_a_character_has_a_key_of_its_own():
    assert key({"x": "\ud83d"}) != key({"x": "\ud83e"})


@given(st.lists(st.text(max_size=6), max_size=8), st.randoms())
def test_permuted_texts_keep_their_keys(texts, random):
    def keys(some):
        return {t: text_key("nebius", "m", None, t) for t in some}

    shuffled = random.sample(texts, len(texts))
    assert keys(shuffled) == keys(texts)
    assert len(set(keys(texts).values())) == len(set(texts))


def test_a_vector_is_named_by_model_and_size_too():
    names = {
        text_key("nebius", "m", None, "a"),
        text_key("nebius", "m", 64, "a"),
        text_key("nebius", "n", None, "a"),
        text_key("other", "m", None, "a"),
        text_key("nebius", "m", None, "A"),
    }
    assert len(names) == 5


def test_a_call_of_its_own_shares_its_key_with_none():
    assert len({own_key() for _ in range(100)}) == 100
    assert len(own_key()) == len(key({})) == 16


def test_the_spelling_of_keys_is_part_of_the_files_format():
    # a change here makes every kept answer unfindable
    assert key({"model": "m"}).hex() == "b5a2083e4f38bfcfc07048ce259e964c"


@given(st.text(), st.text(), st.none() | st.integers(1, 9999), st.text())
def test_a_text_is_named_as_the_request_for_it_alone(service, model, dimensions, text):
    body = {"model": model, "dimensions": dimensions, "input": text}
    assert text_key(service, model, dimensions, text) == request_key(service, "embeddings", body)
