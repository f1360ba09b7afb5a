"""Requests that are passed on to the upstream server."""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.state import Sandbox, entry_of, sandbox_of
from nbnebius.sandbox.wire.body import read_object
from nbnebius.sandbox.wire.flow import ByteStream


async def pass_on(request: Request, path: str) -> Response | ByteStream | None:
    """Answer from upstream; None when there is no upstream."""
    sandbox, entry = sandbox_of(request), entry_of(request)
    if sandbox.upstream is None:
        return None
    body = await read_object(request)
    model = body.get("model")
    entry.model = model if isinstance(model, str) else None
    meant = as_upstream_knows_it(sandbox, body)
    content = await request.body() if meant is body else msgspec.json.encode(meant)
    return await sandbox.upstream.relay(path, content, entry)


def as_upstream_knows_it(sandbox: Sandbox, body: Mapping[str, object]) -> Mapping[str, object]:
    """Put the base model in the place of a custom one: upstream has never heard of it."""
    base = sandbox.base_of(str(body.get("model")))
    return body if base is None else {**body, "model": base}
