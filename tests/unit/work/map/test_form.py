"""One form for many rows gives what each whole body would have given."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.journal import request_key
from nbnebius.types.json import to_json
from nbnebius.types.secret import Secret
from nbnebius.work.map.form import PATH, Form, hole
from nbnebius.work.price import Price

# Whatever a frame may hold; half characters have a key, and are refused when they are sent.
WHOLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ANY = st.text(st.characters(), max_size=30)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "max_tokens": st.integers(1, 10_000),
        "stop": st.lists(WHOLE, max_size=2),
        "response_format": st.just({"type": "json_object"}),
        "seed": st.integers(0, 2**31),
        "stream": st.booleans(),
    },
)
PRICE = Price(0.13, 0.4)


def form(fields, system=None, repeat=0, price=PRICE, **more):
    gap = hole()
    messages = [{"role": "user", "content": gap}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    body = {"model": "m", "messages": messages, **fields}
    return Form("nebius", body, gap, price, repeat=repeat, **more)


@given(FIELDS, st.none() | WHOLE, ANY, st.integers(0, 3))
def test_the_key_is_that_of_the_whole_body(fields, system, text, repeat):
    made = form(fields, system, repeat)
    assert made.key(text) == request_key("nebius", PATH, made.body(text), repeat=repeat)


@given(FIELDS, st.none() | WHOLE, WHOLE)
def test_the_bytes_are_those_of_the_whole_body(fields, system, text):
    made = form(fields, system)
    assert made.data(text) == msgspec.json.encode(made.body(text))
    assert msgspec.json.decode(made.data(text)) == msgspec.json.decode(to_json(made.body(text)))
    assert made.body(text)["messages"][-1] == {"role": "user", "content": text}


@given(FIELDS, st.none() | WHOLE, ANY)
def test_the_highest_price_is_never_below_that_of_the_whole_body(fields, system, text):
    made = form(fields, system)
    whole = PRICE.bound(made.body(text))
    if whole is None:
        assert made.bound(text) is None
        assert "max_tokens" not in fields
    else:
        assert made.bound(text) >= whole * (1 - 1e-9)
        assert made.bound(text) == pytest.approx(whole)


@given(WHOLE, WHOLE)
def test_characters_are_those_a_model_reads(system, text):
    assert form({}, system).characters(text) == len(system) + len(text)


def test_an_unknown_price_or_no_longest_answer_has_no_bound():
    assert form({"max_tokens": 5}, price=Price()).bound("x") is None
    assert form({}).bound("x") is None
    assert form({"max_completion_tokens": 5}).bound("x") > 0
    assert form({"max_completion_tokens": 5}).max_tokens == 5
    assert form({}).max_tokens is None


def test_half_a_character_and_the_key_are_refused():
    with pytest.raises(OptionError, match="surrogate"):
        form({}).data("\ud800")
    secret = "canary-key-0123456789"
    with pytest.raises(OptionError, match="API key") as caught:
        form({}, secret=Secret(secret)).data(f"my {secret}")
    assert secret not in str(caught.value)


def test_a_row_that_holds_the_text_of_another_rows_gap_is_only_text():
    made = form({})
    other = form({})
    gap = other.example["messages"][0]["content"]
    assert msgspec.json.decode(made.data(gap))["messages"][0]["content"] == gap
