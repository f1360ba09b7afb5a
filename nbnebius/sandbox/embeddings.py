"""``POST /v1/embeddings``."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.catalog import FindModel, Model
from nbnebius.sandbox.engines.desk import do
from nbnebius.sandbox.engines.embedding import embed
from nbnebius.sandbox.passing import pass_on
from nbnebius.sandbox.state import entry_of, sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.failures import invalid, unserved
from nbnebius.sandbox.wire.fields import Field, check_fields
from nbnebius.sandbox.wire.flow import ByteStream
from nbnebius.sandbox.wire.inputs import Input, read_inputs

_FIELDS = {
    "model": Field("string", required=True),
    "input": Field("any", required=True),
    "encoding_format": Field("string", choices=("float", "base64")),
    "dimensions": Field("integer", ge=1),
    "user": Field("string"),
    "service_tier": Field("string"),
}


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """An embedding request whose every field is known to be good."""

    model: str
    inputs: list[Input]
    base64: bool
    dimensions: int | None
    service_tier: str | None


@dataclass(frozen=True, slots=True)
class EmbeddingTask:
    """An embedding request that can be answered."""

    wanted: EmbeddingRequest
    model: Model
    dimensions: int
    tokens: int


async def create(request: Request) -> Response | ByteStream:
    """Embed texts, as floats or as base64 of little-endian float32."""
    if (passed := await pass_on(request, "embeddings")) is not None:
        return passed
    sandbox = sandbox_of(request)
    task = read_task(await read_object(request), sandbox.finder(entry_of(request)))
    headers = sandbox.admit(task.model, task.tokens) | {"x-inference-id": uuid.uuid4().hex}
    return await do(task.tokens, _respond, task, headers)


def _respond(task: EmbeddingTask, headers: Mapping[str, str]) -> Response:
    return json_answer(answer_embedding(task), headers=headers)


def read_task(body: Mapping[str, object], find: FindModel) -> EmbeddingTask:
    """
    Check an embedding request up to the point where only answering is left.

    Raises
    ------
    ApiError
        Why it cannot be answered.
    """
    wanted = read_embedding(body)
    model = find(wanted.model, "embeddings")
    dimensions = _dimensions(wanted, model)
    longest = max(each.tokens for each in wanted.inputs)
    if longest > model.context:
        raise unserved(
            f"This model's maximum context length is {model.context} tokens. However, you "
            f"requested {longest} tokens in the input for embedding generation. Please reduce "
            "the length of the input."
        )
    tokens = sum(each.tokens for each in wanted.inputs)
    return EmbeddingTask(wanted, model, dimensions, tokens)


def _dimensions(wanted: EmbeddingRequest, model: Model) -> int:
    dimensions = wanted.dimensions or model.dimensions
    if dimensions > model.dimensions:
        raise unserved(
            f"Model {model.id} has at most {model.dimensions} dimensions, {dimensions} asked.",
            "dimensions",
        )
    return dimensions


def answer_embedding(task: EmbeddingTask) -> dict[str, object]:
    """Answer an embedding request."""
    wanted, model = task.wanted, task.model
    vectors = embed([each.text for each in wanted.inputs], model.dimensions, task.dimensions)
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector, wanted.base64)}
        for index, vector in enumerate(vectors)
    ]
    return {
        "id": f"embd-{uuid.uuid4().hex}",
        "object": "list",
        "model": model.id,
        "data": data,
        "usage": {"prompt_tokens": task.tokens, "total_tokens": task.tokens},
        "service_tier": wanted.service_tier,
    }


def _encoded(vector: np.ndarray, as_base64: bool) -> object:
    if as_base64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return vector.tolist()


def read_embedding(body: Mapping[str, object]) -> EmbeddingRequest:
    """
    Check an embedding request.

    Raises
    ------
    ApiError
        422 with everything that is wrong in the body.
    """
    clean, problems = check_fields(body, _FIELDS)
    inputs: list[Input] = []
    if "input" in clean:
        inputs, found = read_inputs(clean["input"], ("body", "input"))
        problems.extend(found)
    if problems:
        raise invalid(problems)
    dimensions, tier = clean.get("dimensions"), clean.get("service_tier")
    return EmbeddingRequest(
        model=str(clean["model"]),
        inputs=inputs,
        base64=clean.get("encoding_format") == "base64",
        dimensions=dimensions if isinstance(dimensions, int) else None,
        service_tier=str(tier) if tier else None,
    )
