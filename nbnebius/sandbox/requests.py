"""``GET /sandbox/requests``: what was asked of this sandbox, newest first."""

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.state import sandbox_of
from nbnebius.sandbox.wire.body import json_answer


async def listing(request: Request) -> Response:
    """List the latest requests with their ends, never with their prompts."""
    return json_answer({"object": "list", "data": sandbox_of(request).ledger.listing()})
