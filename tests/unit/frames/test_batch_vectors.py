"""A batch of embeddings as a frame."""

import base64
import json

import numpy as np
import pytest

from nbnebius.frames.batch_vectors import batch_vector_frame
from nbnebius.frames.embeddings import matrix
from nbnebius.types.batch_lines import read_lines


def line(custom_id, *vectors, tokens=3):
    data = [{"index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    response = {"object": "list", "data": data, "usage": usage}
    return json.dumps({"custom_id": custom_id, "response": response}).encode() + b"\n"


def made(*lines, **more):
    return batch_vector_frame(read_lines(lines), **more)


@pytest.mark.parametrize("lines", [[], [b"{\n"], [b"{\n", line("a", [1.0, 2.0])]])
def test_one_schema(lines):
    frame = made(*lines)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "embedding": "object",
        "prompt_tokens": "Int64",
        "cost": "float64",
        "error": "string",
    }
    assert (frame.index.name, len(frame)) == ("custom_id", len(lines))


def test_vectors_of_any_encoding_and_rows_without_one():
    packed = base64.b64encode(np.array([3, 4], "<f4").tobytes()).decode()
    frame = made(
        b'{"custom_id":"z","error":"no"}\n',
        line("a", [1, 2]),
        line("b", packed),
        line("c", [5, 6], [7, 8], tokens=4),
        line("d", [1, 2, 3]),
        line("e"),
        price_in=2.0,
    )
    assert list(frame.index) == ["z", "a", "b", "c", "c", "d", "e"]
    np.testing.assert_array_equal(
        matrix(frame.iloc[1:5]), np.array([[1, 2], [3, 4], [5, 6], [7, 8]], np.float32)
    )
    assert frame["embedding"].isna().tolist() == [True, *[False] * 4, True, True]
    assert frame["prompt_tokens"].fillna(-1).tolist() == [-1, 3, 3, 4, -1, 3, 3]
    assert frame["cost"].iloc[3] == pytest.approx(8e-6)
    assert "3 dimensions where others have 2" in frame["error"].iloc[5]
    assert "no answer" in frame["error"].iloc[6]


def test_many_vectors_are_one_block():
    frame = made(*(line(str(at), [float(at), 1.0]) for at in range(1000)))
    block = matrix(frame)
    assert block.shape == (1000, 2)
    assert np.shares_memory(block, frame["embedding"].iloc[0])
    assert block[:, 0].tolist() == list(range(1000))
    assert frame["cost"].isna().all()
