"""``POST /v1/rerank``: documents in the order of their nearness to a question."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.engines.desk import do
from nbnebius.sandbox.engines.embedding import embed
from nbnebius.sandbox.engines.tokens import count_tokens
from nbnebius.sandbox.engines.words import STOP_WORDS
from nbnebius.sandbox.state import sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.failures import invalid, unserved
from nbnebius.sandbox.wire.fields import Field, check_fields, check_value

_FIELDS = {
    "model": Field("string", required=True),
    "query": Field("string", required=True),
    "documents": Field("array", required=True, shortest=1),
    "user": Field("string"),
    "service_tier": Field("string"),
}
_DIMENSIONS = 1024
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """A rerank request whose every field is known to be good."""

    model: str
    query: str
    documents: list[str]


async def create(request: Request) -> Response:
    """Rank documents, the most relevant first."""
    sandbox = sandbox_of(request)
    wanted = read_rerank(await read_object(request))
    model = sandbox.model(request, wanted.model, "rerank")
    query_tokens = count_tokens(wanted.query)
    sizes = [query_tokens + count_tokens(text) for text in wanted.documents]
    if max(sizes) > model.context:
        raise unserved(f"This model's maximum context length is {model.context} tokens.")
    headers = sandbox.admit(model, sum(sizes)) | {"x-inference-id": uuid.uuid4().hex}
    scores = await do(sum(sizes), relevance, wanted.query, wanted.documents)
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    body = {
        "id": f"rerank-{uuid.uuid4().hex}",
        "model": model.id,
        "usage": {"prompt_tokens": sum(sizes), "total_tokens": sum(sizes)},
        "results": [
            {
                "index": place,
                "document": {"text": wanted.documents[place]},
                "relevance_score": scores[place],
            }
            for place in order
        ],
    }
    return json_answer(body, headers=headers)


def relevance(query: str, documents: Sequence[str]) -> list[float]:
    """Score documents from 0 to 1: half for the query's words, half for what is near them."""
    vectors = embed([query, *documents], _DIMENSIONS, _DIMENSIONS)
    nearness = (vectors[1:] @ vectors[0]).clip(0, 1)
    asked = _words(query)
    scores = []
    for text, near in zip(documents, nearness.tolist(), strict=True):
        share = len(asked & _words(text)) / len(asked) if asked else near
        scores.append(round((near + share) / 2, 6))
    return scores


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS}


def read_rerank(body: Mapping[str, object]) -> RerankRequest:
    """
    Check a rerank request.

    Raises
    ------
    ApiError
        422 with everything that is wrong in the body.
    """
    clean, problems = check_fields(body, _FIELDS)
    documents = clean.get("documents")
    if isinstance(documents, list):
        for place, text in enumerate(documents):
            loc = ("body", "documents", place)
            problems.extend(check_value(text, Field("string"), loc)[1])
    if problems or not isinstance(documents, list):
        raise invalid(problems)
    return RerankRequest(str(clean["model"]), str(clean["query"]), documents)
