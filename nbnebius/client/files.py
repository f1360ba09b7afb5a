"""
Files: ``/v1/files``.

Source: https://docs.tokenfactory.nebius.com/api-reference/files/upload-file
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.errors import NebiusError, NotFoundError
from nbnebius.events import Retrying
from nbnebius.transport.faults import unreadable
from nbnebius.transport.request import JSON_CAP, Request
from nbnebius.types.loose import read_as

if TYPE_CHECKING:
    import os
    from pathlib import Path
    from typing import TypeAlias

    from nbnebius.client.multipart import Content, Source
    from nbnebius.client.rows import Page
    from nbnebius.transport import Answer, Transport
    from nbnebius.types.files import Deleted, File

    # inside the class, `list` is the method
    _Listed: TypeAlias = list[File]

PATH = "files"


class Files:
    """The files resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._uploaded: set[str] = set()

    async def upload(
        self,
        content: Content,
        purpose: str = "batch",
        *,
        filename: str | None = None,
        ai_project_id: str | None = None,
    ) -> File:
        """
        Upload a file of any size, in flat memory; the observer is told how many bytes have gone.

        Where no answer came, the file is looked for by its name, size and time, and only sent
        again, which the observer is told, where it is not there.

        Parameters
        ----------
        content
            A path, bytes, or an iterator of bytes.
        purpose
            ``batch`` or ``fine-tune``.
        filename
            The name on the server; the path's own if left out, else one that occurs only once.
        ai_project_id
            The project it belongs to.

        Raises
        ------
        OptionError
            The file cannot be read, or was changed while it was sent.
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        from nbnebius.client.doubt import is_doubtful
        from nbnebius.client.multipart import post_file, prepare
        from nbnebius.client.rows import read_row
        from nbnebius.types.files import File

        transport, params = self._transport, {"ai_project_id": ai_project_id}
        async with prepare(content, filename) as source:
            request = post_file(transport, PATH, {"purpose": purpose}, source, params)
            sent = 0
            while True:
                sent += 1
                began = transport.clock()
                try:
                    answer = await transport.send(request)
                    file = read_row(answer.body, File, "file", transport.about(request))
                except NebiusError as error:
                    if not is_doubtful(error):
                        raise
                    found = await self._look(error, source, purpose, began, params)
                    if found is None and (sent > 1 or not transport.max_retries):
                        raise
                    if found is None:
                        if transport.observer is not None:
                            transport.observer(Retrying("the file did not arrive", 0.0, sent + 1))
                        continue
                    file = found
                self._uploaded.add(file.id)
                return file

    async def list(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        purpose: str | None = None,
        ai_project_id: str | None = None,
    ) -> _Listed:
        """
        List files, page after page.

        Parameters
        ----------
        limit
            Most files; all if left out.
        after
            The id of the file before the first.
        purpose
            Only those of one purpose.
        ai_project_id
            The project they belong to.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        from nbnebius.client.rows import all_pages

        params = {"purpose": purpose, "ai_project_id": ai_project_id}

        async def ask(after: str | None, limit: int) -> Page[File]:
            return (await self._page({**params, "limit": limit, "after": after}))[0]

        return await all_pages(ask, lambda file: file.id, limit=limit, after=after)

    async def retrieve(self, file_id: str, *, ai_project_id: str | None = None) -> File:
        """Tell about one file. Errors are those of `list`."""
        from nbnebius.client.rows import read_row
        from nbnebius.types.files import File

        request = self._at("GET", file_id, ai_project_id)
        answer = await self._transport.send(request)
        return read_row(answer.body, File, "file", self._transport.about(request))

    async def content(
        self, file_id: str, *, cap: int = JSON_CAP, ai_project_id: str | None = None
    ) -> bytes:
        """
        Return what is in a file.

        Parameters
        ----------
        file_id
            Which.
        cap
            Most bytes; `save` has no limit.
        ai_project_id
            The project it belongs to.

        Raises
        ------
        ResponseError
            It is larger than the cap.
        NebiusError
            No answer, or one that says no.
        """
        request = self._at("GET", file_id, ai_project_id, "/content", cap)
        return (await self._transport.send(request)).body

    async def save(
        self, file_id: str, path: str | os.PathLike[str], *, ai_project_id: str | None = None
    ) -> Path:
        """
        Write what is in a file to a path, in flat memory; the path is replaced when all is here.

        A connection that breaks is taken up where it broke. The observer is told how many bytes
        have come.

        Raises
        ------
        OptionError
            The path cannot be written.
        NebiusError
            No answer, or one that says no.
        """
        from nbnebius.transport.saving import save

        request = self._at("GET", file_id, ai_project_id, "/content")
        return await save(self._transport, request, path)

    async def delete(self, file_id: str, *, ai_project_id: str | None = None) -> Deleted:
        """Delete a file. Errors are those of `list`."""
        from nbnebius.types.files import Deleted

        request = self._at("DELETE", file_id, ai_project_id)
        try:
            answer = await self._transport.send(request)
        except NotFoundError as error:
            if error.attempts > 1:  # the first attempt's answer was lost on its way
                return Deleted(file_id, deleted=True)
            raise
        if not answer.body.strip():
            return Deleted(file_id, deleted=True)
        try:
            deleted = read_as(answer.body, Deleted)
        except ValueError:
            about = self._transport.about(request)
            raise unreadable("the answer is not JSON", answer.body, "", about) from None
        deleted.id = deleted.id or file_id
        return deleted

    def _at(
        self,
        method: str,
        file_id: str,
        ai_project_id: str | None,
        below: str = "",
        cap: int = JSON_CAP,
    ) -> Request:
        from nbnebius.client.rows import part

        path = f"{PATH}/{part(file_id, 'file id')}{below}"
        params = {"ai_project_id": ai_project_id}
        return Request("DELETE" if method == "DELETE" else "GET", path, params=params, cap=cap)

    async def _page(self, params: dict[str, str | int | None]) -> tuple[Page[File], Answer]:
        from nbnebius.client.rows import read_page
        from nbnebius.types.files import File

        request = Request("GET", PATH, params=params)
        answer = await self._transport.send(request)
        return read_page(answer.body, File, "files", self._transport.about(request)), answer

    async def _look(
        self,
        error: NebiusError,
        source: Source,
        purpose: str,
        began: float,
        params: dict[str, str | None],
    ) -> File | None:
        """Look for a file that may have arrived; where even that fails, the first error stands."""
        from nbnebius.client.doubt import SLACK, look_for, server_time
        from nbnebius.client.rows import all_pages
        from nbnebius.types.times import seconds

        transport = self._transport

        async def find() -> File | None:
            now = 0.0

            async def ask(after: str | None, limit: int) -> Page[File]:
                nonlocal now
                asked = {**params, "purpose": purpose, "limit": limit, "after": after}
                page, answer = await self._page(asked)
                now = server_time(answer.headers)
                return page

            files = await all_pages(ask, lambda file: file.id)
            earliest = now - (transport.clock() - began) - SLACK
            for file in files:
                made = seconds(file.created_at)
                if (
                    file.filename == source.name
                    and file.bytes in {source.length, None}
                    and made is not None
                    and made >= earliest
                    and file.id not in self._uploaded
                ):
                    return file
            return None

        try:
            return await look_for(transport, find)
        except NebiusError:
            error.hint = "The file may be there nevertheless: list the files before trying again."
            raise error from None
