"""
The list of models: ``GET /v1/models``.

Source: https://docs.tokenfactory.nebius.com/api-reference/models/list-models
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.client.decode import decode_models
from nbnebius.errors import BadRequestError, NotFoundError, ServerError, UnprocessableEntityError
from nbnebius.transport.request import Request

if TYPE_CHECKING:
    from typing import TypeAlias

    from nbnebius.transport import Answer, Transport
    from nbnebius.types.models import Model

    # inside the class, `list` is the method
    _Listed: TypeAlias = tuple[list[Model], Answer]


class Models:
    """The models resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, verbose: bool = True) -> _Listed:
        """
        List the models that the key may use.

        Parameters
        ----------
        verbose
            With prices and limits; where the server refuses that, the plain list comes.

        Raises
        ------
        NebiusError
            No answer, one that says no, or one that cannot be read.
        """
        if verbose:
            try:
                return await self._list({"verbose": "true"})
            except (BadRequestError, NotFoundError, UnprocessableEntityError, ServerError):
                pass  # a server that does not know the word may know the list
        return await self._list({})

    async def _list(self, params: dict[str, str]) -> _Listed:
        request = Request("GET", "models", params=params)
        answer = await self._transport.send(request)
        return decode_models(answer.body, self._transport.about(request)), answer
