"""From any raw answer to a row's outcome: the short way reads as the long one does."""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.client.decode import decode_completion
from nbnebius.client.plain import read_plain
from nbnebius.client.reasoning import split_reasoning
from nbnebius.errors import JournalError, NebiusError, ResponseError
from nbnebius.work.map.answers import LONGEST_ERROR, one_line, outcome
from nbnebius.work.price import Price
from nbnebius.work.schema import to_schema

WIRE = Path(__file__).parents[3] / "wire"
JSON = "application/json"
PRICE = Price(1.0, 2.0)
SCHEMA = to_schema("label good|bad, score float")


def recorded():
    for file in sorted(WIRE.glob("*.jsonl.gz")):
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            one = json.loads(line)
            kind = one["headers"].get("content-type", "")
            if "chat" in one["request"]["path"] and "event-stream" not in kind:
                yield one["body"].encode(), kind
    for file in sorted((WIRE / "nebius").glob("*.json*")):
        for line in file.read_text().splitlines():
            try:
                body = json.loads(line.rstrip(",")).get("body")
            except (ValueError, AttributeError):
                continue
            if body is not None:
                yield json.dumps(body).encode(), JSON


RECORDED = list(recorded())


def the_long_way(body, content_type):
    completion = decode_completion(body, content_type)
    if not completion.choices:
        return "", None, completion.usage, None
    first = completion.choices[0]
    text, reasoning = split_reasoning(first.message, first.finish_reason)
    return text, first.finish_reason, completion.usage, reasoning


def same(body, content_type):
    try:
        text, finish, usage, reasoning = the_long_way(body, content_type)
    except ResponseError as error:
        with pytest.raises(ResponseError, match=re.escape(error.what)):
            read_plain(body, content_type)
        return
    plain = read_plain(body, content_type)
    assert (plain.text, plain.finish_reason) == (text, finish)
    assert (plain.reasoning or None) == (reasoning or None)
    if usage is None:
        assert plain.usage is None
    else:
        told = (usage.prompt_tokens, usage.completion_tokens)
        assert (plain.usage.prompt_tokens, plain.usage.completion_tokens) == told


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_recorded_answers_read_the_same_both_ways(number):
    same(*RECORDED[number])


def test_there_are_many_recorded_answers():
    assert len(RECORDED) > 50


def chat(**message):
    more = {name: message.pop(name) for name in ("usage", "finish", "error") if name in message}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": more.get("finish", "stop")}],
        "usage": more.get(
            "usage", {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
        ),
    }
    if "error" in more:
        body["error"] = more["error"]
    return json.dumps(body).encode()


TEXT = st.sampled_from(["", "x", " \n", "<think>a</think>b", "<thi", "<think>a", "{}", "ä"])
ODD = st.none() | TEXT | st.integers(-1, 3) | st.just([]) | st.just({"a": 1})
MESSAGES = st.fixed_dictionaries(
    {"content": ODD},
    optional={
        "reasoning": ODD,
        "reasoning_content": ODD,
        "tool_calls": ODD,
        "refusal": ODD,
        "error": ODD,
        "finish": st.sampled_from(["stop", "length", "content_filter", None, "tool_calls"]),
        "usage": ODD
        | st.fixed_dictionaries(
            {"prompt_tokens": st.integers(-2, 9) | st.none()},
            optional={"completion_tokens": st.integers(0, 9), "total_tokens": st.integers(0, 9)},
        ),
    },
)


@given(MESSAGES)
def test_answers_of_any_shape_read_the_same_both_ways(message):
    same(chat(**message), JSON)


@given(MESSAGES, st.sampled_from([None, SCHEMA]))
def test_every_answer_has_an_outcome(message, schema):
    found = outcome(chat(**message), JSON, schema, PRICE)
    assert found.answered
    if found.status == "ok":
        assert found.value is not None
        assert found.error is None
        assert not found.again
    else:
        assert found.error
        assert "\n" not in found.error
    if found.status == "failed":
        assert found.value is None


@given(st.binary(max_size=60), st.sampled_from([JSON, "text/html", "", "text/event-stream"]))
def test_any_bytes_have_an_outcome(body, kind):
    found = outcome(body, kind, None, PRICE)
    assert found.answered
    assert (found.status == "ok") == bool(found.value)


def test_what_is_cut_off_is_not_bought_again_and_what_is_empty_is():
    cut = outcome(chat(content="half", finish="length"), JSON, None, PRICE)
    assert (cut.status, cut.again, cut.error) == ("partial", False, "cut off at max_tokens")
    nothing = outcome(chat(content="", finish="length"), JSON, None, PRICE)
    assert (nothing.status, nothing.again) == ("failed", False)
    empty = outcome(chat(content=""), JSON, None, PRICE)
    assert (empty.status, empty.again) == ("failed", True)
    assert empty.cost == pytest.approx((10 * 1 + 4 * 2) / 1e6)


def test_a_schema_decides_what_fits():
    fits = outcome(chat(content='```json\n{"label": "good", "score": 1}\n```'), JSON, SCHEMA, PRICE)
    assert fits.status == "ok"
    assert fits.value == {"label": "good", "score": 1}
    wrong = outcome(chat(content='{"label": "odd", "score": 1}'), JSON, SCHEMA, PRICE)
    assert (wrong.status, wrong.again) == ("failed", True)
    cut = outcome(chat(content='{"label": "go', finish="length"), JSON, SCHEMA, PRICE)
    assert (cut.status, cut.again) == ("failed", False)


def test_an_error_is_one_short_line():
    assert one_line(NebiusError("It\nfailed", why="so  what")) == "It failed: so what"
    assert one_line(JournalError("No")) == "No"
    assert len(one_line(NebiusError("x" * 1000))) == LONGEST_ERROR
