"""What a call costs, and the most it can cost."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.types.model import ModelRecord
from nbnebius.types.usage import Usage
from nbnebius.work.price import Price

PRICES = st.floats(0, 1000)
TOKENS = st.integers(0, 10**7)


@given(PRICES, PRICES, TOKENS, TOKENS)
def test_an_answer_costs_its_tokens(price_in, price_out, read, written):
    cost = Price(price_in, price_out).of_usage(Usage(read, written, read + written))
    assert cost == pytest.approx((read * price_in + written * price_out) / 1e6)
    assert cost >= 0


@given(PRICES, TOKENS, st.floats(0, 10))
def test_what_is_billed_per_request_comes_on_top(price, read, request_price):
    with_it = Price(price, price, request=request_price).of_usage(Usage(read))
    without = Price(price, price).of_usage(Usage(read))
    assert with_it - without == pytest.approx(request_price, abs=1e-6)


def test_what_is_unknown_is_not_nought():
    usage = Usage(10, 10, 20)
    assert Price().of_usage(usage) is None
    assert Price(1.0).of_usage(usage) is None
    assert Price(None, 1.0).of_usage(usage) is None
    assert Price(1.0, 1.0).of_usage(None) is None
    assert Price().of_images(3) is None
    assert Price.of(None) == Price()


def test_an_embedding_needs_no_price_for_what_it_does_not_write():
    assert Price(2.0).of_usage(Usage(1_000_000)) == 2.0


def test_a_picture_costs_its_price_or_a_requests():
    assert Price(image=0.25).of_images(4) == 1.0
    assert Price(request=0.5).of_images(2) == 1.0
    assert Price(image=0.25).bound({"prompt": "a dog"}) == 0.25
    assert Price(request=0.5).bound({"prompt": "a dog"}) == 0.5


def test_prices_come_from_the_catalog():
    record = ModelRecord(
        id="m", source="s", price_in=1.0, price_out=2.0, price_image=3.0, price_request=4.0
    )
    assert Price.of(record) == Price(1.0, 2.0, 3.0, 4.0)


TEXTS = st.text(max_size=200)


@given(st.lists(TEXTS, min_size=1, max_size=5), st.integers(1, 10**5), st.integers(1, 4))
def test_the_bound_holds_for_every_tokenizer_that_reads_no_more_than_bytes(texts, longest, n):
    price = Price(1.0, 2.0)
    body = {
        "messages": [{"role": "user", "content": text} for text in texts],
        "max_tokens": longest,
        "n": n,
    }
    read = sum(len(text.encode("utf-8", "replace")) for text in texts) + 8 * len(texts)
    worst = price.of_usage(Usage(read, longest * n))
    assert price.bound(body) >= worst


@given(TEXTS)
def test_tools_and_schemas_count_as_read(text):
    price = Price(1.0, 1.0)
    plain = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}
    for name in ("tools", "response_format", "guided_json"):
        more = price.bound({**plain, name: {"description": text}}) - price.bound(plain)
        assert more * 1e6 >= len(text.encode("utf-8", "replace")) - 1e-3


def test_there_is_no_bound_without_a_price_or_a_longest_answer():
    body = {"messages": [{"role": "user", "content": "hi"}]}
    assert Price(1.0, 1.0).bound(body) is None
    assert Price(1.0).bound({**body, "max_tokens": 5}) is None
    assert Price().bound({**body, "max_tokens": 5}) is None
    assert Price(1.0, 1.0).bound({**body, "max_completion_tokens": 5}) > 0
    assert Price(1.0).bound({"input": ["a", "b"]}) > 0


def test_a_picture_in_a_chat_is_counted():
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 10**6}}
    body = {"messages": [{"role": "user", "content": [part]}], "max_tokens": 1}
    assert 16_000 < Price(1.0, 0.0).bound(body) * 1e6 < 20_000


@given(st.text(max_size=50))
def test_half_characters_do_not_break_the_bound(text):
    assert math.isfinite(Price(1.0).bound({"input": [text + "\ud83d"]}))


def test_what_a_models_template_adds_is_within_the_bound():
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    assert Price(1.0, 0.0).bound(body) * 1e6 > 200
