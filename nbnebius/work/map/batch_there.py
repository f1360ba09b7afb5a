"""What of a job's batches is at the server already, and the error where it knows no batches."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nbnebius.errors import ApiError, OptionError
from nbnebius.work.map.batch_file import file_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbnebius.client import AsyncClient
    from nbnebius.types.batches import Batch

MARK = "nbnebius"
"""Where a batch's metadata hold its key."""

UNKNOWN_PATH = frozenset({404, 405, 501})
_ORDER = {"done": 0, "active": 1, "failed": 2}


@contextlib.contextmanager
def batch_api() -> Iterator[None]:
    """Say in words that a server has no Batch API."""
    try:
        yield
    except ApiError as error:
        if error.status not in UNKNOWN_PATH:
            raise
        raise OptionError(
            "This service has no Batch API",
            why=f"it answered {error.status}",
            hint="ask the rows one by one: --via online",
        ) from None


async def find_batch(
    client: AsyncClient, key: bytes, project: str | None, file_id: str | None = None
) -> Batch | None:
    """
    Find the batch that bears a key, or is made of a file; of several the one that is furthest.

    Raises
    ------
    OptionError
        The service has no batches.
    NebiusError
        No answer, or one that says no.
    """
    with batch_api():
        batches = await client.batches.list(ai_project_id=project)
    ours = [
        batch
        for batch in batches
        if str((batch.metadata or {}).get(MARK)) == key.hex()
        or (file_id is not None and batch.input_file_id == file_id)
    ]
    return min(ours, key=lambda batch: _ORDER[batch.state], default=None)


async def find_file(client: AsyncClient, key: bytes, size: int, project: str | None) -> str | None:
    """Find an input file that was uploaded before, by its name and size."""
    with batch_api():
        files = await client.files.list(purpose="batch", ai_project_id=project)
    name = file_name(key)
    return next((file.id for file in files if file.filename == name and file.bytes == size), None)
