"""``v1/files``, but for uploads: lists, single files, their content, and their end."""

from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.files.ranges import UnsatisfiableError, read_range
from nbnebius.sandbox.keeping.shelf import StoredFile
from nbnebius.sandbox.state import entry_of, sandbox_of
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import ApiError, refused
from nbnebius.sandbox.wire.fields import Field
from nbnebius.sandbox.wire.flow import ByteStream
from nbnebius.sandbox.wire.queries import number_of, read_query, text_of

_LIST = {
    "limit": Field("integer", ge=1, le=10_000),
    "after": Field("string"),
    "purpose": Field("string"),
}
_PAGE = 10
_READ_AT_ONCE = 256 * 1024


async def listing(request: Request) -> Response:
    """List files, newest first."""
    query = read_query(request, _LIST)
    after = text_of(query, "after")
    limit = number_of(query, "limit", _PAGE)
    found = sandbox_of(request).shelf.listing(limit, after, text_of(query, "purpose"))
    if found is None:
        raise _unknown(after or "")
    files, more = found
    rows = [file.row() for file in files]
    return json_answer({"object": "list", "data": rows, "has_more": more})


async def read(request: Request) -> Response:
    """Tell what is known about a file."""
    return json_answer(_file_of(request).row())


async def content(request: Request) -> ByteStream:
    """Give a file's bytes, or those that a Range asks for."""
    file = _file_of(request)
    headers = {
        "content-type": "application/octet-stream",
        "accept-ranges": "bytes",
        "etag": f'"{file.id}"',
    }
    if request.headers.get("if-range", headers["etag"]) != headers["etag"]:
        wish = None
    else:
        wish = request.headers.get("range")
    try:
        part = read_range(wish, file.bytes)
    except UnsatisfiableError:
        headers["content-range"] = f"bytes */{file.bytes}"
        raise ApiError(416, {"detail": "Requested Range Not Satisfiable"}, headers) from None
    start, end = part or (0, file.bytes)
    if part:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.bytes}"
    pieces = _bytes(sandbox_of(request).shelf.path(file.id), start, end)
    status = 206 if part else 200
    return ByteStream(pieces, entry_of(request), status, headers, end - start)


async def _bytes(path: Path, start: int, end: int) -> AsyncGenerator[bytes, None]:
    left = end - start
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(start)
        while left > 0 and (piece := await file.read(min(left, _READ_AT_ONCE))):
            left -= len(piece)
            yield piece


async def delete(request: Request) -> Response:
    """Delete a file, unless a batch still reads it."""
    file, sandbox = _file_of(request), sandbox_of(request)
    if sandbox.batches.reads(file.id):
        raise refused(409, f"The file `{file.id}` is the input of a batch that is not finished.")
    sandbox.shelf.remove(file)
    return json_answer({"id": file.id, "object": "file", "deleted": True})


def _file_of(request: Request) -> StoredFile:
    name = request.path_params["id"]
    file = sandbox_of(request).shelf.find(name)
    if file is None:
        raise _unknown(name)
    return file


def _unknown(id: str) -> ApiError:
    return refused(404, f"The file `{id}` does not exist.")
