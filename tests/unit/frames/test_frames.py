"""A frame is a contract: its columns, their types and their order, empty and full."""

import io

import msgspec
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import nbnebius as neb
from nbnebius.errors import OptionError
from nbnebius.frames.embeddings import embedding_frame
from nbnebius.frames.models import COLUMNS, filter_models, model_frame
from nbnebius.frames.pictures import picture_frame
from nbnebius.frames.reply import reply_frame
from nbnebius.types.answers import ChatResult, EmbeddingResult, PictureResult
from nbnebius.types.chat import ChatCompletion
from nbnebius.types.model import ModelRecord


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


# -- models ------------------------------------------------------------------------------------

FULL = ModelRecord(
    id="a/Big",
    source="nebius",
    name="Big",
    type="vision",
    context=1000,
    price_in=0.5,
    price_out=2.0,
    input=["text", "image"],
    created=1_700_000_000.0,
    raw={"id": "a/Big"},
)
BARE = ModelRecord(id="b/small", source="nebius", type="chat")
EMBEDDING = ModelRecord(id="c/vectors", source="nebius", type="embedding", price_in=0.1)


@pytest.mark.parametrize("records", [[], [BARE], [FULL, BARE]])
def test_models_have_one_schema(records):
    frame = model_frame(records)
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame.columns) == [
        *("id", "source", "name", "type", "context", "max_output", "price_in", "price_out"),
        *("price_image", "input", "output", "features", "quantization", "size_b"),
        *("requests_per_minute", "tokens_per_minute", "owner", "tags", "license", "status"),
        *("created", "updated", "url", "raw"),
    ]
    assert {n: d for n, d in dtypes(frame).items() if n != "type"} == {
        n: d for n, d in COLUMNS.items() if n != "type"
    }
    assert list(frame["type"].cat.categories) == [
        *("chat", "vision", "embedding", "image", "completion", "other")
    ]
    assert len(frame) == len(records)


def test_what_is_unknown_of_a_model_is_missing():
    row = model_frame([BARE]).iloc[0]
    for name in ("context", "price_in", "price_out", "price_image", "created", "quantization"):
        assert pd.isna(row[name])


def test_times_are_utc():
    created = model_frame([FULL])["created"][0]
    assert created == pd.Timestamp(1_700_000_000, unit="s", tz="UTC")


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["a/Big", "b/small", "c/vectors"]),
        ({"search": "SMALL"}, ["b/small"]),
        ({"search": "."}, []),
        ({"type": "chat"}, ["a/Big", "b/small"]),
        ({"type": "vision"}, ["a/Big"]),
        ({"max_price": 1.0}, ["c/vectors"]),
        ({"context": 500}, ["a/Big"]),
        ({"sort": "price_in"}, ["c/vectors", "a/Big", "b/small"]),
        ({"sort": "context"}, ["a/Big", "b/small", "c/vectors"]),
    ],
)
def test_filters_keep_what_was_asked_for(filters, ids):
    found = filter_models(model_frame([FULL, BARE, EMBEDDING]), **filters)
    assert list(found["id"]) == ids
    assert list(found.index) == list(range(len(ids)))
    assert list(filter_models(model_frame([]), **filters)["id"]) == []


@pytest.mark.parametrize(
    ("filters", "says"), [({"type": "chats"}, "types are"), ({"sort": "price"}, "did you mean")]
)
def test_a_wrong_filter_is_refused_in_words(filters, says):
    with pytest.raises(OptionError, match=says):
        filter_models(model_frame([]), **filters)


# -- embeddings --------------------------------------------------------------------------------


def embedded(statuses, width=3):
    count = len(statuses)
    vectors = np.full((count, width), np.nan, np.float32)
    for row, status in enumerate(statuses):
        if status == "ok":
            vectors[row] = row
    return EmbeddingResult(
        vectors=vectors,
        status=statuses,
        errors=["no" if s == "failed" else None for s in statuses],
        cached=np.zeros(count, np.bool_),
        tokens=np.array([1.0 if s == "ok" else np.nan for s in statuses]),
        cost=np.array([0.5 if s == "ok" else np.nan for s in statuses]),
        model="m",
        dimensions=width,
    )


@pytest.mark.parametrize("statuses", [[], ["ok"], ["ok", "failed", "skipped"], ["failed"]])
def test_embeddings_have_one_schema(statuses):
    base = pd.DataFrame({"text": pd.Series(["x"] * len(statuses), dtype="object")})
    frame = embedding_frame(base, embedded(statuses))
    assert list(frame.columns) == [
        *("text", "embedding", "neb_status", "neb_error", "neb_tokens", "neb_cost")
    ]
    found = dtypes(frame)
    assert (found["embedding"], found["neb_error"]) == ("object", "string")
    assert (found["neb_tokens"], found["neb_cost"]) == ("float64", "float64")
    assert list(frame["neb_status"].cat.categories) == [
        *("ok", "partial", "skipped", "unsent", "failed", "possibly_paid")
    ]
    assert frame.attrs["nbnebius"] == {"model": "m", "dimensions": 3}


def test_the_given_frame_is_not_changed():
    base = pd.DataFrame({"text": ["a"]})
    embedding_frame(base, embedded(["ok"]))
    assert list(base.columns) == ["text"]
    assert base.attrs == {}


def test_matrix_gives_the_block_itself_while_the_rows_are_that_block():
    result = embedded(["ok"] * 4)
    frame = embedding_frame(pd.DataFrame({"text": list("abcd")}), result)
    assert neb.matrix(frame) is result.vectors
    assert neb.matrix(frame.copy()) is result.vectors
    for other in (frame.iloc[::-1], frame.iloc[1:], frame.iloc[[0, 0, 1, 2]]):
        found = neb.matrix(other)
        assert found is not result.vectors
        np.testing.assert_array_equal(found, np.stack(list(other["embedding"])))
        assert found.dtype == np.float32


def test_rows_without_a_vector_are_nan_in_the_matrix():
    frame = embedding_frame(pd.DataFrame({"text": list("ab")}), embedded(["ok", "failed"]))
    assert np.isnan(neb.matrix(frame)).all(axis=1).tolist() == [False, True]


def test_matrix_reads_lists_and_no_rows_at_all():
    frame = pd.DataFrame({"v": [[1, 2], [3, 4]]})
    np.testing.assert_array_equal(neb.matrix(frame, "v"), [[1, 2], [3, 4]])
    assert neb.matrix(frame.iloc[:0], "v").shape == (0, 0)


def test_matrix_refuses_what_is_no_matrix():
    with pytest.raises(OptionError, match="no column 'embedding'"):
        neb.matrix(pd.DataFrame({"a": [1]}))
    with pytest.raises(OptionError, match="2 and 3 dimensions"):
        neb.matrix(pd.DataFrame({"embedding": [[1, 2], [1, 2, 3]]}))


# -- pictures and replies ----------------------------------------------------------------------


def drawn(kept_at=None):
    data = io.BytesIO()
    Image.new("RGB", (8, 4)).save(data, "PNG")
    return PictureResult(data.getvalue(), 7, "a dog", "m", 0.5, 0.5, 1.0, kept_at, {})


PICTURES = {
    "seed": "Int64",
    "prompt": "string",
    "model": "string",
    "width": "Int64",
    "height": "Int64",
    "format": "string",
    "path": "string",
    "cost": "float64",
    "cached": "boolean",
}


@pytest.mark.parametrize("count", [0, 2])
def test_pictures_have_one_schema(count):
    frame = picture_frame([drawn()] * count, [None] * count)
    assert dtypes(frame) == PICTURES
    assert len(frame) == count


def test_a_picture_as_a_row():
    row = picture_frame([drawn(kept_at=1.0)], [None]).iloc[0]
    assert (row["seed"], row["width"], row["height"], row["format"]) == (7, 8, 4, "png")
    assert row["cached"]
    assert pd.isna(row["path"])


def answered(choices, usage=None):
    completion = msgspec.convert({"id": "a", "choices": choices, "usage": usage}, ChatCompletion)
    return ChatResult(completion, "x", None, "m", 0.5, 1.5)


CHOICE = {"index": 0, "message": {"content": "<think>hm</think>four"}, "finish_reason": "stop"}
REPLY = {
    "text": "string",
    "reasoning": "string",
    "model": "string",
    "finish_reason": "string",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "cost": "float64",
    "seconds": "float64",
    "cached": "boolean",
}


@pytest.mark.parametrize(("choices", "rows"), [([], 1), ([CHOICE], 1), ([CHOICE] * 3, 3)])
def test_a_reply_has_one_schema(choices, rows):
    frame = reply_frame(answered(choices))
    assert dtypes(frame) == REPLY
    assert len(frame) == rows
    assert frame["prompt_tokens"].isna().all()


def test_reasoning_stands_apart_from_the_text():
    row = reply_frame(answered([CHOICE])).iloc[0]
    assert (row["text"], row["reasoning"], row["finish_reason"]) == ("four", "hm", "stop")
