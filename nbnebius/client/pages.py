"""Pages of other servers that the user asks about. Nothing is fetched that nobody named."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbnebius.transport import Transport

REDIRECTS = 5


class Pages:
    """Fetches pages and documents, without the key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def fetch(self, url: str, cap: int) -> bytes:
        """
        Fetch what is at an address.

        Parameters
        ----------
        url
            https, at a public address; redirects to such addresses are followed.
        cap
            Most bytes.

        Raises
        ------
        ResponseError
            The address is refused, or what is there is larger than the cap.
        NebiusError
            It cannot be fetched.
        """
        from nbnebius.transport.download import download

        return await download(
            self._transport, url, cap, what="the page", tries=1, redirects=REDIRECTS
        )
