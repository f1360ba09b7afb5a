"""Lines of batch files: every known shape, broken ones, and any cut into blocks."""

import json
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.types.batch_answer import answer_of
from nbnebius.types.batch_input import write_lines
from nbnebius.types.batch_lines import read_file, read_line, read_lines
from nbnebius.types.usage import Usage

COMPLETION = {
    "id": "chatcmpl-1",
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "4"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8},
}


def read(value):
    return read_line(json.dumps(value).encode())


# -- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        {"id": "b", "custom_id": "r", "response": COMPLETION, "error": None},
        {"custom_id": "r", "response": {"status_code": 200, "body": COMPLETION}, "error": None},
        {"custom_id": "r", "response": {"status_code": 200, "request_id": "x", "body": COMPLETION}},
        {"custom_id": "r", "response": COMPLETION, "error": {}},
        {"custom_id": "r", "response": COMPLETION, "error": {"code": None, "message": None}},
        {"custom_id": "r", "response": json.dumps(COMPLETION)},
        {"custom_id": "r", "response": {"status_code": "200", "body": json.dumps(COMPLETION)}},
        {"custom_id": "r", "body": COMPLETION},
        {"custom_id": "r", **COMPLETION},
        {"custom_id": "r", "response": {**COMPLETION, "created": 1.5, "choices_x": [1]}},
    ],
)
def test_an_answer_in_every_shape(line):
    record = read(line)
    assert (record.custom_id, record.text, record.finish_reason) == ("r", "4", "stop")
    assert record.usage == Usage(7, 1, 8)
    assert record.error is None


def test_an_id_that_is_a_number_is_a_text():
    assert read({"custom_id": 7, "response": COMPLETION}).custom_id == "7"


def test_reasoning_and_tool_calls_come_with_the_message():
    message = {
        "content": None,
        "reasoning_content": "hm",
        "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}],
    }
    record = read({"custom_id": "r", "response": {"choices": [{"message": message}]}})
    assert record.text is None
    assert record.message.reasoning_content == "hm"
    assert record.message.tool_calls[0].function.arguments == '{"a":1}'


def test_a_text_completion_and_an_embedding():
    assert read({"custom_id": "r", "response": {"choices": [{"text": "on"}]}}).text == "on"
    data = [{"index": 0, "embedding": [1.0, 2.0]}]
    record = read({"custom_id": "r", "response": {"body": {"data": data}}})
    assert (record.data, record.text, record.error) == (data, None, None)


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ({"custom_id": "r", "error": {"code": "x", "message": "no"}}, "no"),
        ({"custom_id": "r", "error": {"error": {"message": "no", "code": 404}}}, "no"),
        ({"custom_id": "r", "error": "no"}, "no"),
        ({"custom_id": "r", "error": {"code": 404}}, "404"),
        ({"custom_id": "r", "error": [{"msg": "a"}, {"msg": "b"}]}, "a; b"),
        (
            {
                "custom_id": "r",
                "response": {"status_code": 404, "request_id": "q", "body": None},
                "error": {"error": {"message": "no model", "type": "NotFoundError"}},
            },
            "no model",
        ),
        ({"custom_id": "r", "response": {"status_code": 422, "body": {"detail": "bad"}}}, "bad"),
        ({"custom_id": "r", "response": {"status_code": 500, "body": {"error": "down"}}}, "down"),
        ({"custom_id": "r", "response": {"error": {"message": "no"}}}, "no"),
        ({"custom_id": "r", "response": {"status_code": 503, "body": {}}}, "status 503"),
        ({"custom_id": "r", "response": {}}, "holds no answer"),
        ({"custom_id": "r", "response": {"choices": []}}, "holds no answer"),
        ({"custom_id": "r", "response": None, "error": None}, "no response"),
        ({"custom_id": "r", "response": "gateway timeout"}, "gateway timeout"),
        (
            {"custom_id": "r", "method": "POST", "url": "/v1/x", "body": {"model": "m"}},
            "came back without an answer",
        ),
        ({"custom_id": "r"}, "no response"),
    ],
)
def test_an_error_in_every_shape(line, error):
    record = read(line)
    assert record.custom_id == "r"
    assert error in record.error


@pytest.mark.parametrize(
    "raw", [b"x", b"{", b"[1]", b"7", b'"a"', b"null", b"\xff\xfe", b"[" * 100_000, b"{" * 100_000]
)
def test_a_broken_line_is_a_record(raw):
    record = read_line(raw, 3)
    assert (record.number, record.custom_id) == (3, None)
    assert "line 3 is broken" in record.error


def test_a_line_that_was_cut_still_tells_its_id():
    raw = json.dumps({"custom_id": 'r "1"', "response": COMPLETION}).encode()[:60]
    assert read_line(raw).custom_id == 'r "1"'
    assert read_line(raw).error


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["custom_id", "response", "body", "choices", "message", "content", "error", "usage"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values | st.builds(lambda v: {"custom_id": "r", "response": v}, json_values))
def test_nothing_raises(value):
    record = read(value)
    assert isinstance(record.text, str | None)
    assert isinstance(record.error, str | None)
    assert record.usage is None or record.usage.prompt_tokens >= 0
    assert record.message.role
    assert isinstance(answer_of(record.raw), bytes | None)


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw):
    for record in read_lines([raw]):
        assert record.error


# -- blocks ------------------------------------------------------------------------------------

LINES = st.lists(
    st.sampled_from(
        [
            b"",
            b"  ",
            b"{",
            b"x" * 90,
            json.dumps({"custom_id": "é", "response": COMPLETION}).encode(),
            json.dumps({"custom_id": "é", "error": "é"}, ensure_ascii=False).encode(),
            json.dumps({"custom_id": "r", "error": {"message": "no"}}).encode() + b"\r",
        ]
    ),
    max_size=8,
)


@given(LINES, st.lists(st.integers(0, 2000), max_size=8), st.booleans(), st.booleans())
def test_any_cut_gives_the_same_records(lines, cuts, ends, mark):
    data = (b"\xef\xbb\xbf" if mark else b"") + b"\n".join(lines) + (b"\n" if ends else b"")
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    blocks = [data[a:b] for a, b in pairwise(places)]
    for longest in (50, 10**6):
        whole = list(read_lines([data], longest_line=longest))
        assert list(read_lines(blocks, longest_line=longest)) == whole
        bytewise = [data[at : at + 1] for at in range(len(data))]
        assert list(read_lines(bytewise, longest_line=longest)) == whole


def test_lines_are_numbered_as_an_editor_numbers_them():
    assert [one.number for one in read_lines([b"\n{\n \n\r\n{"])] == [2, 5]


def test_a_line_that_is_too_long_is_told_and_left_out():
    long = json.dumps({"custom_id": "long", "response": {"choices": ["x" * 5000]}}).encode()
    short = json.dumps({"custom_id": "short", "response": COMPLETION}).encode()
    first, second = read_lines([long + b"\n" + short], longest_line=1000)
    assert (first.custom_id, first.error, first.raw) == ("long", "line 1 is too long", b"")
    assert (second.custom_id, second.error) == ("short", None)


def test_a_file_is_read_in_flat_memory(tmp_path):
    line = json.dumps({"custom_id": "r", "response": COMPLETION}).encode() + b"\n"
    path = tmp_path / "output.jsonl"
    path.write_bytes(line * 100_000)
    tracemalloc.start()
    try:
        count = sum(record.error is None for record in read_file(path, 2**18))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 3 * 2**20 < path.stat().st_size


# -- the answer as it was written --------------------------------------------------------------


def test_the_answer_of_a_line_is_its_own_bytes():
    inner = b'{"choices": [ {"text":"a"} ], "x": 1e400}'
    assert answer_of(b'{"custom_id":"r","response":' + inner + b"}") == inner
    wrapped = b'{"response": {"status_code": 200, "body": ' + inner + b"}}"
    assert answer_of(wrapped) == inner


@pytest.mark.parametrize(
    "raw", [b"x", b"[]", b"{}", b'{"response":null}', b'{"response":{"body":null}}']
)
def test_no_answer(raw):
    assert answer_of(raw) is None


# -- input -------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=20)), max_size=20), st.integers(1, 300)
)
def test_requests_become_lines(rows, block):
    bodies = [(name, {"model": "m", "prompt": text, "stop": None}) for name, text in rows]
    written = b"".join(write_lines(bodies, url="/v1/completions", block=block))
    lines = [json.loads(line) for line in written.split(b"\n")[:-1]]
    assert [line["custom_id"] for line in lines] == [name for name, _ in rows]
    assert [line["body"] for line in lines] == [{"model": "m", "prompt": t} for _, t in rows]
    assert all((line["method"], line["url"]) == ("POST", "/v1/completions") for line in lines)


def test_a_body_may_be_json_already():
    bodies = [("a", b'{"model":"m"}'), ("b", b'{\n "model":\r\n "m"}')]
    first, second = b"".join(write_lines(bodies)).splitlines()
    assert json.loads(first)["body"] == json.loads(second)["body"] == {"model": "m"}


def test_lone_surrogates_in_a_body_are_escaped():
    (block,) = write_lines([("a", {"prompt": "\ud83d"})])
    assert json.loads(block)["body"] == {"prompt": "\ud83d"}


@pytest.mark.parametrize("row", [("a", {"x": object()}), ("\ud83d", {}), ("a", b"{\n")])
def test_what_cannot_be_written(row):
    with pytest.raises(OptionError):
        list(write_lines([row]))


def test_too_much_for_one_batch(monkeypatch):
    monkeypatch.setattr("nbnebius.types.batch_input.MOST_REQUESTS", 3)
    with pytest.raises(OptionError, match="too much for one batch"):
        list(write_lines((str(at), {}) for at in range(4)))
