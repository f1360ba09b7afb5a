"""``GET /v1/models``, plain and verbose."""

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.catalog import MODELS
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import invalid
from nbnebius.sandbox.wire.fields import Field, check_value


async def listing(request: Request) -> Response:
    """List the catalog."""
    asked = request.query_params.get("verbose", "false")
    verbose, problems = check_value(asked, Field("boolean"), ("query", "verbose"))
    if problems:
        raise invalid(problems)
    rows = [model.row(verbose=bool(verbose)) for model in MODELS]
    return json_answer({"object": "list", "data": rows})
