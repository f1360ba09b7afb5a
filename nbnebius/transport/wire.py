"""
Where a request leaves: straight to its server, or through httpx2.

A server that is reached directly is spoken to without a library between (`direct`). What goes
through a proxy, or to an address that must not get the key, goes through httpx2 (`http`). Either
gives an exchange that tells how far the request has come.
"""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any

from nbnebius.transport.connection import Connections
from nbnebius.transport.direct import DirectExchange, head_of
from nbnebius.transport.log import keep_out_of_logs
from nbnebius.transport.trust import ssl_context
from nbnebius.version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from nbnebius.transport.http import Exchange, Library
    from nbnebius.transport.request import Timeouts
    from nbnebius.types.secret import Secret

KEEPALIVE = 900.0
"""Seconds an idle connection is kept: people think between cells, and many for five minutes."""


class Wire:
    """
    Connections to one server, kept between requests.

    Parameters
    ----------
    timeouts
        How long to wait.
    secret
        The key, or None for a server that wants none.
    """

    def __init__(self, timeouts: Timeouts, secret: Secret | None) -> None:
        self.timeouts = timeouts
        self.secret = secret
        self._direct: dict[str, Connections] = {}
        self._library: Library | None = None
        self._proxied: bool | None = None
        if secret:
            keep_out_of_logs(secret)

    async def close(self) -> None:
        """Close every connection."""
        for connections in self._direct.values():
            connections.close()
        self._direct = {}
        library, self._library = self._library, None
        if library is not None:
            await library.close()

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
        params: Mapping[str, Any] | None = None,
        total: float | None = None,
    ) -> Exchange | DirectExchange:
        """Give an exchange with the server, which gets the key."""
        if url.isascii() and not self._is_proxied():
            return self._directly(method, url, headers, body, params or {}, total)
        return self._through_httpx2().exchange(
            method, url, headers, body, params, None, keyed=True, total=total
        )

    def unkeyed(
        self, url: str, headers: Mapping[str, str], extensions: Mapping[str, Any]
    ) -> Exchange:
        """Give an exchange with an address that must not get the key."""
        return self._through_httpx2().exchange(
            "GET", url, headers, None, None, extensions, keyed=False, total=None
        )

    def _through_httpx2(self) -> Library:
        if self._library is None:
            from nbnebius.transport.http import Library

            own, proxied = _own_headers(), self._is_proxied()
            self._library = Library(self.timeouts, self.secret, own, KEEPALIVE, proxied=proxied)
        return self._library

    def _is_proxied(self) -> bool:
        if self._proxied is None:
            self._proxied = _names_proxy()
        return self._proxied

    def _directly(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None,
        params: Mapping[str, Any],
        total: float | None,
    ) -> DirectExchange:
        root = url[: url.find("/", url.index("://") + 3)]
        connections = self._direct.get(root)
        if connections is None:
            context = ssl_context() if url.startswith("https:") else None
            connections = Connections(root, context, self.timeouts, KEEPALIVE)
            self._direct[root] = connections
        length = len(body) if isinstance(body, bytes) else 0 if method in {"POST", "PUT"} else None
        told = {name.lower() for name in headers}
        return DirectExchange(
            connections,
            head_of(
                method,
                url,
                connections.netloc,
                _own_headers() | dict(headers),
                params,
                None if "content-length" in told else length,
            ),
            body,
            secret=self.secret,
            timeouts=self.timeouts,
            total=self.timeouts.total if total is None else total,
        )


@functools.cache
def _own_headers() -> dict[str, str]:
    """Return what every request says."""
    return {
        "Accept": "*/*",
        "Accept-Encoding": "identity",  # a compressed answer could unpack to anything
        "User-Agent": f"nbnebius/{__version__}",
    }


def _names_proxy() -> bool:
    # elsewhere the system has settings of its own, besides the environment
    by_environment = sys.platform not in {"darwin", "win32"}
    if by_environment and not any(name.lower().endswith("_proxy") for name in os.environ):
        return False
    from urllib.request import getproxies

    return not {"http", "https", "all"}.isdisjoint(getproxies())
