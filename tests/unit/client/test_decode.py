import base64
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.client.accumulate import Accumulator
from nbnebius.client.decode import (
    decode_completion,
    decode_embeddings,
    decode_images,
    decode_models,
    decode_text_completion,
)
from nbnebius.errors import ResponseError
from nbnebius.events import ReasoningDelta, TextDelta
from nbnebius.types.chat import ChatFrame
from nbnebius.types.loose import fit


@pytest.fixture(params=["with pybase64", "without"])
def either_way(request, monkeypatch):
    """Decode base64 with the extra `fast`, and without."""
    if request.param == "without":
        monkeypatch.setattr("nbnebius.client.vectors.b64decode", None)


def body(value):
    return json.dumps(value).encode()


def events(*frames, done=True):
    data = b"".join(b"data: " + body(frame) + b"\n\n" for frame in frames)
    return data + (b"data: [DONE]\n\n" if done else b"")


def chunk(delta, finish=None, index=0, **more):
    return {
        "id": "c",
        "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
    } | more


def tool(arguments=None, **more):
    return more | {"function": {"arguments": arguments} if arguments else {"name": "f"}}


def test_json_and_stream_give_the_same():
    call = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {
        "role": "assistant",
        "content": "hello",
        "reasoning": "hm",
        "tool_calls": [call],
    }
    whole = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    parts = events(
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning": "h"}),
        chunk({"reasoning": "m"}),
        chunk({"content": "hel"}),
        chunk({"content": "lo"}),
        chunk({"tool_calls": [tool(index=0, id="t", type="function")]}),
        chunk({"tool_calls": [tool("{", index=0)]}),
        chunk({"tool_calls": [tool("}", index=0)]}),
        chunk({}, "stop"),
    )
    one = decode_completion(body(whole), "application/json")
    assert one == decode_completion(parts, "text/event-stream; charset=utf-8")
    assert one == decode_completion(parts)
    assert one.choices[0].message.tool_calls[0].function.arguments == "{}"


def test_part_of_a_stream():
    kept = events(chunk({"content": "hel"}), done=False) + b'data: {"id": "c", "cho'
    choice = decode_completion(kept, "text/event-stream").choices[0]
    assert (choice.message.content, choice.finish_reason) == ("hel", None)


def with_logprobs(token):
    choice = {"index": 0, "delta": {"content": token}, "logprobs": {"content": [{"token": token}]}}
    return {"choices": [choice]}


def test_several_choices_usage_and_logprobs():
    kept = events(
        chunk({"content": "b"}, index=1),
        chunk({"content": "a"}, index=0),
        with_logprobs("!"),
        with_logprobs("?"),
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}},
        {"usage": None},
    )
    found = decode_completion(kept, "text/event-stream")
    assert [choice.message.content for choice in found.choices] == ["a!?", "b"]
    assert [one["token"] for one in found.choices[0].logprobs["content"]] == ["!", "?"]
    assert found.usage.total_tokens == 3


def test_tool_calls_without_index_or_with_the_same():
    calls = [
        [{"id": "a", "function": {"name": "f", "arguments": "1"}}],
        [{"function": {"arguments": "2"}}],
        [{"id": "b", "function": {"name": "g", "arguments": "3"}}],
        [{"id": "b", "function": {"arguments": "4"}}],
    ]
    for extra in ({}, {"index": 0}):
        frames = [chunk({"tool_calls": [call | extra for call in one]}) for one in calls]
        if extra:
            frames = [frames[0], frames[2]]
        message = decode_completion(events(*frames), "text/event-stream").choices[0].message
        assert [(call.id, call.function.name) for call in message.tool_calls] == [
            ("a", "f"),
            ("b", "g"),
        ]


def test_arguments_as_an_object():
    call = {"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}
    message = decode_completion(body(chunk({"tool_calls": [call]}))).choices[0].message
    assert message.tool_calls[0].function.arguments == '{"x":1}'


def test_the_deltas_of_the_first_choice():
    accumulator = Accumulator()
    seen = []
    for content in ("<thi", "nk>a", "b</think>", "\n\nc", "\ud83d", "\udc69"):
        seen += accumulator.add(fit(chunk({"content": content}), ChatFrame))
    seen += accumulator.rest()
    assert "".join(one.text for one in seen if isinstance(one, ReasoningDelta)) == "ab"
    assert "".join(one.text for one in seen if isinstance(one, TextDelta)) == "c👩"
    assert accumulator.text == "c👩"
    assert accumulator.chat().choices[0].message.content == "<think>ab</think>\n\nc👩"


def test_identical_reasoning_is_shown_once():
    frame = fit(chunk({"reasoning": "r", "reasoning_content": "r"}), ChatFrame)
    assert Accumulator().add(frame) == [ReasoningDelta("r")]


def test_text_completions():
    kept = events({"choices": [{"index": 0, "text": "a"}]}, {"choices": [{"text": "b"}]})
    assert decode_text_completion(kept, "text/event-stream").choices[0].text == "ab"


@pytest.mark.parametrize(
    "data", [b"", b"x", b"[]", b"null", b"{}", b'{"error": "x"}', b"data: x\n\n", b"<html>"]
)
def test_what_is_no_completion(data):
    for content_type in ("application/json", "text/event-stream"):
        with pytest.raises(ResponseError):
            decode_completion(data, content_type)


VECTORS = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def packed(row):
    return base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode()


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    "shape", [packed, list, lambda row: [list(row)], lambda row: [[list(row)]]]
)
def test_vectors_in_any_shape_and_order(shape):
    data = [{"index": index, "embedding": shape(VECTORS[index].tolist())} for index in (1, 0)]
    found = decode_embeddings(body({"data": data, "model": "m", "usage": {"prompt_tokens": 2}}))
    np.testing.assert_array_equal(found.vectors, VECTORS)
    assert found.vectors.dtype == np.float32
    assert found.vectors.flags.c_contiguous
    assert found.vectors.flags.writeable
    assert (found.model, found.usage.prompt_tokens) == ("m", 2)


@pytest.mark.usefixtures("either_way")
def test_mixed_shapes_without_index():
    data = [{"embedding": packed([1, 2])}, {"embedding": [3, 4]}]
    assert decode_embeddings(body({"data": data})).vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"embedding": []}],
        [{"embedding": "AA=="}],
        [{"embedding": "???"}],
        [{"embedding": [1]}, {"embedding": [1, 2]}],
        [{"embedding": [[1], [2]]}],
        [{"embedding": ["a"]}],
        [{"embedding": [None]}],
        [{"embedding": None}],
        [{"embedding": [1], "index": 0}, {"embedding": [1], "index": 0}],
        [{"embedding": [1], "index": 5}],
        [{"embedding": packed([float("nan")])}],
        [{"embedding": packed([float("inf"), float("-inf")])}],
        None,
        "x",
    ],
)
def test_what_are_no_vectors(data):
    with pytest.raises(ResponseError):
        decode_embeddings(body({"data": data}))


ONE, TWO = packed([1, 2]), packed([3, 4])


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(f'[{{"embedding":"{ONE}"}},{{"embedding":"{TWO}"}}]', id="no spaces"),
        pytest.param(f'[{{"embedding" :\n "{ONE}"}}, {{"embedding": "{TWO}"}}]', id="spaces"),
        pytest.param(
            f'[{{"object":"embedding","embedding":"{ONE}"}},{{"embedding":"{TWO}","object":"x"}}]',
            id="the word as a value",
        ),
        pytest.param(
            f'[{{"embedding":"{ONE}","text":"\\"embedding\\":\\"AAAAAA==\\""}},{{"embedding":"{TWO}"}}]',
            id="the same in a text",
        ),
        pytest.param(
            f'[{{"embedding":"{ONE}","more":{{"embedding":"{TWO}"}}}},{{"embedding":"{TWO}"}}]',
            id="another one inside",
        ),
        pytest.param(
            f'[{{"embedding":"{ONE.replace("A", chr(92) + "u0041")}"}},{{"embedding":"{TWO}"}}]',
            id="escapes",
        ),
        pytest.param(
            f'[{{"embedding":"{TWO}","embedding":"{ONE}"}},{{"embedding":"{TWO}"}}]',
            id="said twice",
        ),
    ],
)
def test_vectors_are_those_of_the_texts_however_the_answer_is_written(data):
    answer = f'{{"model":"m","data":{data},"usage":{{"prompt_tokens":2}}}}'.encode()
    found = decode_embeddings(answer)
    assert found.vectors.tolist() == [[1, 2], [3, 4]]
    assert (found.model, found.usage.prompt_tokens) == ("m", 2)


@pytest.mark.usefixtures("either_way")
@given(
    st.lists(
        st.lists(
            st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
def test_both_ways_of_reading_give_what_was_sent(rows, data):
    order = data.draw(st.permutations(range(len(rows))))
    sent = [{"index": place, "embedding": packed(rows[place])} for place in order]
    spaces = data.draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    answer = json.dumps({"data": sent}, separators=spaces).encode()
    np.testing.assert_array_equal(decode_embeddings(answer).vectors, np.array(rows, np.float32))


def test_images_and_models():
    images = decode_images(body({"data": [{"b64_json": "aGk="}, {"url": "https://x"}], "id": "t"}))
    assert [datum.content() for datum in images.data] == [b"hi", None]
    for wrong in ({}, {"data": []}, {"error": "x"}, []):
        with pytest.raises(ResponseError):
            decode_images(body(wrong))
    rows = [{"id": "a", "context_length": "4096", "zzz": 1}, {"x": 1}, 3, {"id": "b", "pricing": 7}]
    models = decode_models(body({"data": rows}))
    assert [model.id for model in models] == ["a", "b"]
    assert models[0].context_length == 4096
    assert models[0].raw == rows[0]
    assert models[1].pricing is None
    for wrong in ({}, {"data": {}}, 7):
        with pytest.raises(ResponseError):
            decode_models(body(wrong))


@given(st.binary())
def test_any_bytes_are_read_or_refused(data):
    for decode in (decode_completion, decode_embeddings, decode_images, decode_models):
        try:
            decode(data)
        except ResponseError as error:
            assert str(error)  # noqa: PT017 - any bytes may also be fine
