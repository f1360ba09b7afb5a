"""The API as async resources, one file per area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.client.chat import ChatStream
    from nbnebius.client.client import AsyncClient

__getattr__ = fetcher(
    __name__,
    {
        "AsyncClient": "nbnebius.client.client",
        "ChatStream": "nbnebius.client.chat",
    },
)

__all__ = ["AsyncClient", "ChatStream"]
