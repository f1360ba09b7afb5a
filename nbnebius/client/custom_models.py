"""
Custom models: ``/v0/models``, which hangs off the host.

Sources: https://docs.tokenfactory.nebius.com/api-reference/models/list-of-custom-models
and https://docs.tokenfactory.nebius.com/api-reference/models/create-a-custom-model
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.client.bodies import post
from nbnebius.errors import NebiusError, NotFoundError
from nbnebius.transport.request import Request

if TYPE_CHECKING:
    from typing import TypeAlias

    from nbnebius.transport import Transport
    from nbnebius.types.custom_models import CustomModel

    # inside the class, `list` is the method
    _Listed: TypeAlias = list[CustomModel]

PATH = "/v0/models"


class CustomModels:
    """The custom models resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, ai_project_id: str | None = None) -> _Listed:
        """
        List the custom models of a project.

        Parameters
        ----------
        ai_project_id
            The project; the key's own if left out.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        from nbnebius.client.rows import read_page
        from nbnebius.types.custom_models import CustomModel

        request = Request("GET", PATH, params={"ai_project_id": ai_project_id})
        answer = await self._transport.send(request)
        about = self._transport.about(request)
        return read_page(answer.body, CustomModel, "custom models", about, "name").rows

    async def create(
        self,
        name: str,
        base_model: str,
        source: str,
        description: str | None = None,
        *,
        ai_project_id: str | None = None,
    ) -> CustomModel:
        """
        Create a custom model; the server adds a few letters to its name.

        It is never asked for twice: where no answer came, the error says so.

        Parameters
        ----------
        name
            Its short name.
        base_model
            The model it belongs to; for inference it may be named differently than for training.
        source
            A checkpoint (``ftjob-…:ftckpt_…``), a file id, or a Hugging Face address.
        description
            For people.
        ai_project_id
            The project; the key's own if left out.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        from nbnebius.client.doubt import is_doubtful

        body = {
            "name": name,
            "base_model": base_model,
            "source": source,
            "description": description,
        }
        request = post(PATH, body, None, params={"ai_project_id": ai_project_id}, once=True)
        try:
            return await self._one(request)
        except NebiusError as error:
            if is_doubtful(error):
                error.hint = "It may have been created: list the custom models before trying again."
            raise

    async def retrieve(self, name: str, *, ai_project_id: str | None = None) -> CustomModel:
        """
        Tell about one model; right after creating it, that may be a 404 or lack its status.

        Parameters
        ----------
        name
            Short (``name-abcd``) or full (``vendor/base-LoRa:name-abcd``).
        ai_project_id
            The project; the key's own if left out.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        return await self._one(self._at("GET", name, ai_project_id))

    async def delete(self, name: str, *, ai_project_id: str | None = None) -> CustomModel:
        """Delete a model, by its short or full name. Errors are those of `retrieve`."""
        from nbnebius.client.rows import read_row
        from nbnebius.types.custom_models import CustomModel

        request = self._at("DELETE", name, ai_project_id)
        gone = CustomModel(name=name, status="deleted")
        try:
            answer = await self._transport.send(request)
        except NotFoundError as error:
            if error.attempts > 1:  # the first attempt's answer was lost on its way
                return gone
            raise
        if not answer.body.strip():
            return gone
        about = self._transport.about(request)
        return read_row(answer.body, CustomModel, "custom model", about, "name")

    def _at(self, method: str, name: str, ai_project_id: str | None) -> Request:
        # the slash of a full name stays a slash, and its colon a colon
        from nbnebius.client.rows import part

        path = f"{PATH}/{part(name, 'model name', safe='/:')}"
        params = {"ai_project_id": ai_project_id}
        return Request("DELETE" if method == "DELETE" else "GET", path, params=params)

    async def _one(self, request: Request) -> CustomModel:
        from nbnebius.client.rows import read_row
        from nbnebius.types.custom_models import CustomModel

        answer = await self._transport.send(request)
        about = self._transport.about(request)
        return read_row(answer.body, CustomModel, "custom model", about, "name")
