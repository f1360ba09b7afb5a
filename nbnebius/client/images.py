"""
Images: ``POST /v1/images/generations``, and fetching those that come as a URL.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-image
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.bodies import post
from nbnebius.client.decode import decode_images

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.events import Intent
    from nbnebius.transport import Answer, Transport
    from nbnebius.transport.request import Alias
    from nbnebius.types.images import ImageAnswer

PATH = "images/generations"


class Images:
    """The images resource of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def generate(
        self,
        body: Mapping[str, Any],
        *,
        intent: Intent | None = None,
        alias: Alias | None = None,
    ) -> tuple[ImageAnswer, Answer]:
        """
        Draw, and return the images or where they are. Errors are those of `Chat.create`.

        A server may answer with a URL where base64 was asked, and the other way round. By `alias`
        a recording knows a request whose seed nobody named.
        """
        request = post(PATH, body, intent, alias=alias)
        answer = await self._transport.send(request)
        return decode_images(answer.body, self._transport.about(request)), answer

    async def fetch(self, url: str) -> bytes:
        """
        Fetch an image that a server has named. The key is not sent along.

        Parameters
        ----------
        url
            https, at a public address; or below this client's own loopback server.

        Raises
        ------
        ResponseError
            The address is refused, or what came is larger than 64 MB.
        NebiusError
            It cannot be fetched; a 404 is tried again for a few seconds, because the storage
            lags behind.
        """
        from nbnebius.transport.download import download

        return await download(self._transport, url)
