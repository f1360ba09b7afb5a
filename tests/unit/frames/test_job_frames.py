"""Frames of files, batches, their results, custom models, rankings and logprobs."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from nbnebius.frames.batch_results import batch_result_frame
from nbnebius.frames.batches import batches_frame
from nbnebius.frames.categories import category
from nbnebius.frames.custom_models import custom_model_frame
from nbnebius.frames.files import files_frame
from nbnebius.frames.logprobs import logprob_frame
from nbnebius.frames.rerank import rerank_frame
from nbnebius.types.batch_lines import read_lines
from nbnebius.types.batches import Batch, RequestCounts
from nbnebius.types.chat import Choice
from nbnebius.types.completions import CompletionChoice
from nbnebius.types.custom_models import CustomModel
from nbnebius.types.files import File
from nbnebius.types.rerank import Rerank, RerankResult

TIME = "datetime64[us, UTC]"


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def row(frame, at=0):
    return {name: value for name, value in frame.iloc[at].items() if not _missing(value)}


def _missing(value):
    return value is None or (not isinstance(value, dict | list) and pd.isna(value))


# -- files -------------------------------------------------------------------------------------

FILE = File(
    id="file-1",
    bytes=3,
    created_at="2024-11-04T12:34:18Z",
    filename="a.jsonl",
    purpose="something new",
    expires_at=1e300,
)


@pytest.mark.parametrize("files", [[], [File()], [FILE, File()]])
def test_files_have_one_schema(files):
    frame = files_frame(files)
    assert dtypes(frame) == {
        "id": "string",
        "filename": "string",
        "purpose": "category",
        "bytes": "Int64",
        "status": "string",
        "created": TIME,
        "expires": TIME,
    }
    assert len(frame) == len(files)
    assert list(frame["purpose"].cat.categories)[:4] == [
        *("batch", "batch_output", "fine-tune", "fine-tune-results")
    ]


def test_a_file():
    assert row(files_frame([FILE, File(bytes=-1)])) == {
        "id": "file-1",
        "filename": "a.jsonl",
        "purpose": "something new",
        "bytes": 3,
        "created": pd.Timestamp("2024-11-04T12:34:18Z"),
    }
    assert row(files_frame([FILE, File(bytes=-1)]), 1) == {}


# -- batches -----------------------------------------------------------------------------------

BATCH = Batch(
    id="batch_1",
    status="done",
    endpoint="/v1/chat/completions",
    input_file_id="file-1",
    output_file_id="file-2",
    request_counts=RequestCounts(3, 2, None),
    metadata={"job": "k"},
    created_at=1730723658,
    completed_at=1730723659,
    errors={"data": [{"message": "line 3"}]},
)


@pytest.mark.parametrize("batches", [[], [Batch()], [BATCH, Batch()]])
def test_batches_have_one_schema(batches):
    frame = batches_frame(batches)
    assert dtypes(frame) == {
        **dict.fromkeys(("id", "status"), "string"),
        "state": "category",
        **dict.fromkeys(("endpoint", "model"), "string"),
        **dict.fromkeys(("total", "completed", "failed"), "Int64"),
        **dict.fromkeys(("input_file_id", "output_file_id", "error_file_id"), "string"),
        **dict.fromkeys(("created", "ended", "expires"), TIME),
        "metadata": "object",
        "error": "string",
    }
    assert list(frame["state"].cat.categories) == ["active", "done", "failed"]
    assert len(frame) == len(batches)


def test_a_batch():
    frame = batches_frame([BATCH, Batch()])
    assert row(frame) == {
        "id": "batch_1",
        "status": "done",
        "state": "done",
        "endpoint": "/v1/chat/completions",
        "total": 3,
        "completed": 2,
        "input_file_id": "file-1",
        "output_file_id": "file-2",
        "created": pd.Timestamp(1730723658, unit="s", tz="UTC"),
        "ended": pd.Timestamp(1730723659, unit="s", tz="UTC"),
        "metadata": {"job": "k"},
        "error": "line 3",
    }
    assert row(frame, 1) == {"state": "active"}


# -- custom models -----------------------------------------------------------------------------

MODEL = CustomModel(
    name="a/b:c",
    status="active",
    type="text2text",
    checkpoint_id="ftckpt_1",
    context_window_k=128,
    size_b=8,
    created_at=1730723658,
    raw={"name": "a/b:c"},
)


@pytest.mark.parametrize("models", [[], [CustomModel()], [MODEL, CustomModel(status="new")]])
def test_custom_models_have_one_schema(models):
    frame = custom_model_frame(models)
    assert dtypes(frame) == {
        "name": "string",
        "status": "category",
        **dict.fromkeys(("status_reason", "type", "base_model", "source", "vendor"), "string"),
        "context": "float64",
        "size_b": "float64",
        "created": TIME,
        "description": "string",
        "raw": "object",
    }
    assert list(frame["status"].cat.categories)[:4] == ["validating", "active", "error", "deleted"]
    assert len(frame) == len(models)


def test_a_custom_model():
    assert row(custom_model_frame([MODEL])) == {
        "name": "a/b:c",
        "status": "active",
        "type": "text2text",
        "source": "ftckpt_1",
        "context": 128.0,
        "size_b": 8.0,
        "created": pd.Timestamp(1730723658, unit="s", tz="UTC"),
        "raw": {"name": "a/b:c"},
    }


# -- batch results -----------------------------------------------------------------------------


def line(custom_id, content="4", finish_reason="stop", usage=(7, 1), **message):
    answer = {
        "choices": [{"message": {"content": content, **message}, "finish_reason": finish_reason}]
    }
    if usage:
        answer["usage"] = dict(zip(("prompt_tokens", "completion_tokens"), usage, strict=True))
    return json.dumps({"custom_id": custom_id, "response": answer}).encode() + b"\n"


RESULTS = {
    "text": "string",
    "reasoning": "string",
    "finish_reason": "category",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "cost": "float64",
    "error": "string",
}


def results(*lines, **more):
    return batch_result_frame(read_lines(lines), **more)


@pytest.mark.parametrize("lines", [[], [b"broken\n"], [line("a"), b'{"custom_id":"b"}\n']])
def test_results_have_one_schema(lines):
    frame = results(*lines)
    assert dtypes(frame) == RESULTS
    assert (frame.index.name, str(frame.index.dtype)) == ("custom_id", "string")
    assert list(frame["finish_reason"].cat.categories) == [
        *("stop", "length", "tool_calls", "content_filter")
    ]
    assert len(frame) == len(lines)


def test_results():
    frame = results(
        line("a"),
        line("b", "<think>hm</think>5", "length"),
        line("c", None, "stop", reasoning="6"),
        line("d", "7", "new one", usage=None, reasoning_content="hm"),
        b'{"custom_id":"e","error":{"message":"no"}}\n',
        b"{\n",
        line("a", ""),
        price_in=1.0,
        price_out=2.0,
    )
    assert list(frame.index[:5]) == ["a", "b", "c", "d", "e"]
    assert pd.isna(frame.index[5])
    assert frame["text"].tolist()[:4] == ["4", "5", "6", "7"]
    assert frame["text"].iloc[-1] == ""
    assert frame["text"].isna().tolist() == [False] * 4 + [True, True, False]
    assert frame["reasoning"].dropna().to_dict() == {"b": "hm", "d": "hm"}
    assert frame["finish_reason"].tolist()[:4] == ["stop", "length", "stop", "new one"]
    assert frame["prompt_tokens"].isna().tolist() == [False] * 3 + [True] * 3 + [False]
    assert frame["cost"].iloc[0] == pytest.approx(9e-6)
    assert frame["cost"].isna().tolist() == [False] * 3 + [True] * 3 + [False]
    assert frame["error"].dropna().tolist() == ["no", "line 6 is broken: it is no JSON object"]


@pytest.mark.parametrize(
    ("usage", "prices", "cost"),
    [
        ((7, 1), {}, None),
        ((7, 1), {"price_in": 1.0}, None),
        ((7, 1), {"price_out": 1.0}, None),
        ((7, 0), {"price_in": 1.0}, 7e-6),
        ((0, 0), {}, 0.0),
        ((7, 1), {"price_in": 0.0, "price_out": 0.0}, 0.0),
        ((-1, "x"), {"price_in": 1.0, "price_out": 1.0}, None),
    ],
)
def test_a_price_that_is_missing_matters_where_there_are_tokens(usage, prices, cost):
    found = results(line("a", usage=usage), **prices)["cost"].iloc[0]
    assert pd.isna(found) if cost is None else found == pytest.approx(cost)


MILLION = """
from pathlib import Path
from nbnebius.frames.batch_results import batch_result_frame
from nbnebius.types.batch_lines import read_lines

TEXT = b"The answer to question %d stands here, in a sentence or two, as is usual for such things."
LINE = (
    b'{"custom_id":"request-%d","response":{"choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"' + TEXT + b'"}}],'
    b'"usage":{"prompt_tokens":%d,"completion_tokens":20}},"error":null}\\n'
)

def blocks():
    for at in range(0, 1_000_000, 4000):
        yield b"".join(LINE % (n, n, n % 500) for n in range(at, at + 4000))

batch_result_frame([], price_in=0.1)
def peak():
    # Of this program alone: what getrusage tells begins with the peak of the one that started it.
    lines = dict(l.split(":", 1) for l in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0])

before = peak()
frame = batch_result_frame(read_lines(blocks()), price_in=0.1, price_out=0.2)
grown = (peak() - before) * 1024
assert len(frame) == 1_000_000 and frame["error"].isna().all()
print(grown / (frame.memory_usage(deep=True).sum()))
"""


def test_a_million_results_take_less_than_twice_their_frame():
    run = subprocess.run(
        [sys.executable, "-c", MILLION], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) < 2


# -- rankings and logprobs ---------------------------------------------------------------------


@pytest.mark.parametrize("found", [[], [RerankResult(1, 0.9, "sent back"), RerankResult(0, 0.1)]])
def test_rankings(found):
    for documents in ((), ["a", "b"]):
        frame = rerank_frame(Rerank(found), documents)
        assert dtypes(frame) == {"position": "Int64", "document": "string", "score": "float64"}
        if found:
            assert frame["position"].tolist() == [1, 0]
            expected = ["b", "a"] if documents else ["sent back", pd.NA]
            assert frame["document"].fillna("").tolist() == [
                one or "" for one in expected if one is not pd.NA
            ] + [""] * (not documents)


CHAT = {
    "content": [
        {
            "token": "4",
            "logprob": -0.5,
            "bytes": [52],
            "top_logprobs": [{"token": "5", "logprob": -1.5}, {"token": "4", "logprob": -0.5}],
        },
        {"token": "!", "logprob": "x", "top_logprobs": None},
        7,
    ]
}
TEXT = {
    "tokens": ["a", "b", "c"],
    "token_logprobs": [None, -1],
    "top_logprobs": [None, {"b": -1, "x": -2}],
    "text_offset": [0, 1, 2],
}


@pytest.mark.parametrize(
    "logprobs", [None, {}, [], "x", {"content": None}, {"content": []}, {"tokens": None}]
)
def test_no_logprobs(logprobs):
    frame = logprob_frame([Choice(0, logprobs=logprobs)])
    assert frame.empty
    assert dtypes(frame) == {
        "choice": "Int64",
        "position": "Int64",
        "token": "string",
        "logprob": "float64",
        "probability": "float64",
        "alternatives": "object",
    }


def test_logprobs():
    frame = logprob_frame([Choice(0, logprobs=CHAT), CompletionChoice(1, logprobs=TEXT)])
    assert frame["choice"].tolist() == [0, 0, 1, 1, 1]
    assert frame["position"].tolist() == [0, 1, 0, 1, 2]
    assert frame["token"].tolist() == ["4", "!", "a", "b", "c"]
    assert frame["logprob"].isna().tolist() == [False, True, True, False, True]
    assert frame["probability"].iloc[0] == pytest.approx(0.6065, abs=1e-4)
    assert list(frame["alternatives"].iloc[0].items()) == [("4", -0.5), ("5", -1.5)]
    assert frame["alternatives"].tolist()[1:] == [{}, {}, {"b": -1.0, "x": -2.0}, {}]


def test_categories_are_the_known_words_and_then_others():
    made = category(["b", None, "new", 7, "a"], ["a", "b"])
    assert list(made.cat.categories) == ["a", "b", "new"]
    assert made.cat.codes.tolist() == [1, -1, 2, -1, 0]
