"""The routes of ``v1/batches``."""

import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.batches.lines import ENDPOINTS
from nbnebius.sandbox.batches.runner import Runner
from nbnebius.sandbox.keeping.batches import Batch
from nbnebius.sandbox.state import Sandbox, sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.failures import ApiError, Problem, invalid, refused, unserved
from nbnebius.sandbox.wire.fields import Field, check_fields, check_value
from nbnebius.sandbox.wire.queries import number_of, read_query, text_of

_FIELDS = {
    "input_file_id": Field("string", required=True),
    "endpoint": Field("string", required=True, choices=ENDPOINTS),
    "completion_window": Field("string", required=True, choices=("24h",)),
    "metadata": Field("object"),
}
_LIST = {
    "limit": Field("integer", ge=1, le=100),
    "after": Field("string"),
    "input_file_id": Field("string"),
}
_PAGE = 10
_MOST_METADATA = 16
_CANCELLABLE = frozenset({"validating", "in_progress"})
_CANCELLED = frozenset({"cancelling", "cancelled"})


async def create(request: Request) -> Response:
    """Begin a batch."""
    sandbox = sandbox_of(request)
    batch = read_batch(await read_object(request), sandbox)
    sandbox.batches.add(batch)
    answer = json_answer(batch.row())
    runner_of(request).start(batch)
    return answer


async def listing(request: Request) -> Response:
    """List batches, newest first."""
    query = read_query(request, _LIST)
    after = text_of(query, "after")
    limit = number_of(query, "limit", _PAGE)
    found = sandbox_of(request).batches.listing(limit, after, text_of(query, "input_file_id"))
    if found is None:
        raise _unknown(after or "")
    batches, more = found
    body = {
        "object": "list",
        "data": [batch.row() for batch in batches],
        "first_id": batches[0].id if batches else None,
        "last_id": batches[-1].id if batches else None,
        "has_more": more,
    }
    return json_answer(body)


async def read(request: Request) -> Response:
    """Tell how a batch stands."""
    return json_answer(_batch_of(request).row())


async def cancel(request: Request) -> Response:
    """Cancel a batch; to do so twice is no mistake."""
    batch = _batch_of(request)
    if batch.status in _CANCELLABLE:
        runner_of(request).cancel(batch)
    elif batch.status not in _CANCELLED:
        raise unserved(f"The batch is {batch.status} and cannot be cancelled any more.")
    return json_answer(batch.row())


def runner_of(request: Request) -> Runner:
    """Give the runner that works on the batches."""
    runner = request.app.state.runner
    assert isinstance(runner, Runner)
    return runner


def read_batch(body: Mapping[str, object], sandbox: Sandbox) -> Batch:
    """
    Check what is asked for.

    Raises
    ------
    ApiError
        422 with everything that is wrong in the body, 404 or 400 for a file that cannot be used.
    """
    clean, problems = check_fields(body, _FIELDS)
    metadata = clean.get("metadata")
    problems.extend(_metadata_problems(metadata))
    if problems:
        raise invalid(problems)
    file_id = str(clean["input_file_id"])
    file = sandbox.shelf.find(file_id)
    if file is None:
        raise refused(404, f"The file `{file_id}` does not exist.")
    if file.purpose != "batch":
        raise unserved("The input file must have the purpose `batch`.", "input_file_id")
    return Batch(
        endpoint=str(clean["endpoint"]),
        input_file_id=file.id,
        completion_window=str(clean["completion_window"]),
        deadline=time.time() + sandbox.settings.batch_window,
        metadata=dict(metadata) if isinstance(metadata, dict) else None,
    )


def _metadata_problems(metadata: object) -> list[Problem]:
    if not isinstance(metadata, dict):
        return []
    problems = []
    for key, value in metadata.items():
        loc = ("body", "metadata", key)
        problems.extend(check_value(value, Field("string", longest=512), loc)[1])
    pairs = Field("array", longest=_MOST_METADATA)
    problems.extend(check_value(list(metadata), pairs, ("body", "metadata"))[1])
    return problems


def _batch_of(request: Request) -> Batch:
    name = request.path_params["id"]
    batch = sandbox_of(request).batches.find(name)
    if batch is None:
        raise _unknown(name)
    return batch


def _unknown(name: str) -> ApiError:
    return refused(404, f"The batch `{name}` does not exist.")
