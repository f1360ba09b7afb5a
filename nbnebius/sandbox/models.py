"""``GET /v1/models``, plain and verbose."""

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.catalog import MODELS
from nbnebius.sandbox.state import sandbox_of
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import invalid
from nbnebius.sandbox.wire.fields import Field, check_value

# What the sandbox does itself, even with an upstream server.
_OWN_KINDS = frozenset({"image", "rerank"})


async def listing(request: Request) -> Response:
    """List the catalog; with an upstream server its models, and those that still answer here."""
    asked = request.query_params.get("verbose", "false")
    verbose, problems = check_value(asked, Field("boolean"), ("query", "verbose"))
    if problems:
        raise invalid(problems)
    models = tuple(MODELS)
    rows: list[dict[str, object]] = []
    upstream = sandbox_of(request).upstream
    if upstream is not None:
        rows = await upstream.models(verbose=bool(verbose))
        known = {row.get("id") for row in rows}
        models = tuple(m for m in MODELS if m.kind in _OWN_KINDS and m.id not in known)
    rows += [model.row(verbose=bool(verbose)) for model in models]
    return json_answer({"object": "list", "data": rows})
