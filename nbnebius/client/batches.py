"""
Batches: ``/v1/batches``.

Source: https://docs.tokenfactory.nebius.com/api-reference/batch-inference/create-batch
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.bodies import post
from nbnebius.errors import ApiError, NebiusError
from nbnebius.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from nbnebius.client.rows import Page
    from nbnebius.events import Intent
    from nbnebius.transport import Transport
    from nbnebius.types.batches import Batch

    # inside the class, `list` is the method
    _Listed: TypeAlias = list[Batch]

PATH = "batches"


class Batches:
    """The batches resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(
        self,
        body: Mapping[str, Any],
        *,
        look_first: bool = False,
        ai_project_id: str | None = None,
        intent: Intent | None = None,
    ) -> Batch:
        """
        Create a batch. It costs money, so it is never asked for twice.

        Where no answer came, the batch is looked for by its input file and metadata. Where it is
        not found, the error is raised: the batch may exist and may be billed.

        Parameters
        ----------
        body
            ``endpoint``, ``input_file_id``, ``completion_window``, ``metadata``; fields that are
            None are left out. A key of one's own in the metadata tells two batches of one file
            apart.
        look_first
            Before creating it, look for one of the same input file and metadata, and return that.
        ai_project_id
            The project it belongs to.
        intent
            What is bought, for the recorder.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        from nbnebius.client.doubt import is_doubtful, look_for
        from nbnebius.client.rows import read_row
        from nbnebius.types.batches import Batch

        transport = self._transport
        input_file_id, metadata = str(body.get("input_file_id") or ""), body.get("metadata")

        async def find() -> Batch | None:
            found = await self.find(input_file_id, metadata, ai_project_id=ai_project_id)
            return found[0] if found else None

        if look_first and (there := await find()) is not None:
            return there
        params = {"ai_project_id": ai_project_id}
        request = post(PATH, body, intent, params=params, once=True)
        try:
            answer = await transport.send(request)
            return read_row(answer.body, Batch, "batch", transport.about(request))
        except NebiusError as error:
            if not is_doubtful(error):
                raise
            try:
                made = await look_for(transport, find)
            except NebiusError:
                made = None
            if made is not None:
                return made
            error.why = error.why or "It was sent, so the batch may exist and may be billed."
            error.hint = "List the batches before creating it again."
            raise

    async def find(
        self,
        input_file_id: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        ai_project_id: str | None = None,
    ) -> _Listed:
        """
        Find the batches of an input file, the server's order, all pages.

        Parameters
        ----------
        input_file_id
            The file they were created from.
        metadata
            Only those whose metadata hold all of this.
        ai_project_id
            The project they belong to.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        wanted = {name: str(value) for name, value in (metadata or {}).items()}

        def fits(batch: Batch) -> bool:
            there = batch.metadata or {}
            return batch.input_file_id == input_file_id and all(
                name in there and str(there[name]) == value for name, value in wanted.items()
            )

        batches = await self.list(input_file_id=input_file_id, ai_project_id=ai_project_id)
        return [batch for batch in batches if fits(batch)]

    async def list(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        input_file_id: str | None = None,
        ai_project_id: str | None = None,
    ) -> _Listed:
        """
        List batches, page after page.

        Parameters
        ----------
        limit
            Most batches; all if left out.
        after
            The id of the batch before the first.
        input_file_id
            Only those of one file, where the server heeds that.
        ai_project_id
            The project they belong to.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        from nbnebius.client.rows import all_pages, read_page
        from nbnebius.types.batches import Batch

        params = {"input_file_id": input_file_id, "ai_project_id": ai_project_id}

        async def ask(after: str | None, limit: int) -> Page[Batch]:
            request = Request("GET", PATH, params={**params, "limit": limit, "after": after})
            answer = await self._transport.send(request)
            return read_page(answer.body, Batch, "batches", self._transport.about(request))

        return await all_pages(ask, lambda batch: batch.id, limit=limit, after=after)

    async def retrieve(self, batch_id: str, *, ai_project_id: str | None = None) -> Batch:
        """Tell how far a batch is. Errors are those of `list`."""
        from nbnebius.client.rows import part

        path = f"{PATH}/{part(batch_id, 'batch id')}"
        return await self._one(Request("GET", path, params={"ai_project_id": ai_project_id}))

    async def cancel(self, batch_id: str, *, ai_project_id: str | None = None) -> Batch:
        """
        Cancel a batch; what was answered by then is paid for, and can be fetched.

        Raises
        ------
        BadRequestError
            It has ended already.
        NebiusError
            No answer, another that says no, or one that cannot be read.
        """
        from nbnebius.client.rows import part

        path = f"{PATH}/{part(batch_id, 'batch id')}/cancel"
        params = {"ai_project_id": ai_project_id}
        try:
            return await self._one(Request("POST", path, params=params, body=b"{}", free=True))
        except ApiError as error:
            if error.attempts > 1 and error.status in {400, 409}:
                # an attempt whose answer was lost has cancelled it
                return await self.retrieve(batch_id, ai_project_id=ai_project_id)
            raise

    async def _one(self, request: Request) -> Batch:
        from nbnebius.client.rows import read_row
        from nbnebius.types.batches import Batch

        answer = await self._transport.send(request)
        return read_row(answer.body, Batch, "batch", self._transport.about(request))
