"""Usual lines read many at once: a frame of results is the same whoever reads its lines."""

import json
import tracemalloc

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.frames.batch_results import BatchResults, batch_result_frame
from nbnebius.types import usual_lines
from nbnebius.types.batch_lines import BatchLine, read_file, read_lines
from nbnebius.types.usual_lines import Run, read_file_runs, read_runs


def answer(text="4", **fields):
    message = {"role": "assistant", "content": text, "tool_calls": []}
    return {
        "id": "chatcmpl-1",
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8},
        **fields,
    }


def line(custom_id, response, **fields):
    return json.dumps({"id": "b", "custom_id": custom_id, "response": response, **fields}).encode()


def wrapped(response, **fields):
    return {"status_code": 200, "request_id": "x", "body": response, **fields}


def same(blocks):
    """Check that both readers give one frame and one model, and return it."""
    slow, fast = list(read_lines(blocks)), BatchResults()
    fast.read(read_runs(blocks))
    assert fast.model == next((one.model for one in slow if one.model), None)
    frame = fast.frame(0.1, 0.4)
    pd.testing.assert_frame_equal(frame, batch_result_frame(slow, price_in=0.1, price_out=0.4))
    return frame


def cut(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


# -- what is usual -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "response",
    [
        answer(),
        wrapped(answer()),
        answer("é 日本 🎈 \x00"),
        answer(None),
        answer(usage={"prompt_tokens": 0, "completion_tokens": 0, "more": {"deep": [1]}}),
        answer(choices=[{"message": {"content": "4", "reasoning_content": "2 and 2"}}]),
    ],
)
def test_an_answer_of_every_usual_shape_is_read_in_a_run(response):
    data = line("r1", response, error=None) + b"\n"
    (run,) = read_runs([data * 3])
    assert isinstance(run, Run)
    assert run.ids == ["r1"] * 3
    assert len(same([data * 3])) == 3


@pytest.mark.parametrize(
    "other",
    [
        b"broken",
        b'{"custom_id": "r"}{"custom_id": "s"}',
        b'{"custom_id": "r",\n"response": {}}',
        line(7, answer()),
        line("r", answer(choices=[])),
        line("r", answer(error={"message": "no"})),
        line("r", answer(choices=answer()["choices"] * 2)),
        line("r", answer(usage={"prompt_tokens": -1, "completion_tokens": 1e300})),
        line("r", wrapped(answer(), status_code=500)),
        line("r", None, error={"message": "too long"}),
        line("r", answer("half \ud83d")),
        line("r", answer()).replace(b"4", b"\xff"),
    ],
)
def test_an_unusual_line_stands_between_usual_ones_as_it_is_read_alone(other):
    usual = line("r1", answer())
    found = list(read_runs([b"\n".join((usual, other, usual, b""))]))
    assert [type(one) for one in found] == [Run, *[BatchLine] * (len(found) - 2), Run]
    same([b"\n".join((usual, other, usual, b""))])


def test_two_values_on_one_line_and_one_on_two_are_no_three_usual_lines():
    one = line("r1", answer())
    begin, end = one[:-1], one[-1:]
    frame = same([one + one + b"\n" + begin + b"\n" + end + b"\n"])
    assert frame["error"].notna().all()


def test_a_line_that_is_too_long_is_told_by_its_number(monkeypatch):
    monkeypatch.setattr(usual_lines, "LONGEST_LINE", 500)
    usual = line("r1", answer())
    data = b"\n".join((usual, usual, line("r2", answer("x" * 600)), usual))
    found = list(read_runs(cut(data, 100)))
    assert [one.error for one in found if isinstance(one, BatchLine)] == ["line 3 is too long"]
    assert sum(len(one.ids) for one in found if isinstance(one, Run)) == 3


def test_a_number_of_any_length_breaks_no_line():
    digits = line("r1", answer(created=777777)).replace(b"777777", b"7" * 5000)
    assert list(same([digits])["text"]) == ["4"]
    unread = line("r1", answer(usage={**answer()["usage"], "more": 777777}))
    assert list(same([unread.replace(b"777777", b"-" + b"7" * 5000)])["text"]) == ["4"]


def test_wrapped_and_bare_lines_may_be_mixed():
    lines = [line("a", answer()), line("b", wrapped(answer("5"))), line("c", answer("6"))]
    frame = same([b"\n".join(lines)])
    assert list(frame["text"]) == ["4", "5", "6"]


def test_a_byte_order_mark_and_windows_line_breaks_are_no_part_of_a_line():
    data = b"\xef\xbb\xbf" + b"\r\n".join([line("a", answer()), b"", line("b", answer())]) + b"\r\n"
    assert list(same([data]).index) == ["a", "b"]


# -- any line ------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["4", "", " ", "<think>2 and 2</think>4", "<think>cut", "a <think>b</think>"]),
)
ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.just([]), st.just({})
)
FIELDS = {
    "message": ["content", "reasoning", "reasoning_content", "tool_calls", "refusal", "role"],
    "choice": ["finish_reason", "index", "delta", "text", "logprobs", "message"],
    "usage": ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details"],
    "answer": ["model", "error", "detail", "status_code", "body", "data", "usage", "choices"],
    "line": ["custom_id", "error", "method", "url", "body", "response"],
}


@st.composite
def lines(draw):
    """A line as it should be, with some fields of some parts made anything, or left out."""
    message = {"content": draw(TEXTS), "reasoning": draw(st.none() | TEXTS)}
    choice = {"message": message, "finish_reason": draw(st.sampled_from(["stop", "length", "odd"]))}
    usage = {"prompt_tokens": draw(st.integers(0, 99)), "completion_tokens": 1}
    response = {"choices": [choice], "usage": usage, "model": "m"}
    wrapper = {"body": response, "status_code": 200}
    whole = {"custom_id": draw(TEXTS), "response": draw(st.sampled_from([response, wrapper]))}
    parts = {"message": message, "choice": choice, "usage": usage, "line": whole}
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        name = draw(st.sampled_from([*parts, "answer", "wrapper"]))
        part = {**parts, "answer": response, "wrapper": wrapper}[name]
        field = draw(st.sampled_from(FIELDS["answer" if name == "wrapper" else name]))
        if draw(st.booleans()):
            part[field] = draw(ANY)
        else:
            part.pop(field, None)
    written = json.dumps(whole, ensure_ascii=draw(st.booleans())).encode(errors="replace")
    if draw(st.sampled_from([False] * 5 + [True])):  # a byte goes wrong
        at = draw(st.integers(0, len(written) - 1))
        written = written[:at] + draw(st.binary(max_size=2)) + written[at + 1 :]
    return written


@given(st.lists(lines(), max_size=6), st.sampled_from([1, 7, 64, 300, 10_000]))
def test_any_lines_give_one_frame_whoever_reads_them(some, size):
    same(cut(b"\n".join(some), size))


# -- from disk -----------------------------------------------------------------------------------


def test_a_file_is_read_in_flat_memory_and_as_the_other_reader_reads_it(tmp_path):
    path = tmp_path / "out.jsonl"
    usual = [line(f"r{at}", answer("x" * 500)) for at in range(20_000)]
    usual[7] = b"broken"
    path.write_bytes(b"\n".join(usual))
    tracemalloc.start()
    try:
        seen = sum(len(one.ids) if isinstance(one, Run) else 1 for one in read_file_runs(path))
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert seen == 20_000
    frame = batch_result_frame(read_file_runs(path))
    pd.testing.assert_frame_equal(frame, batch_result_frame(read_file(path)))
