"""The API as async resources, one file per area."""

from nbnebius.client.chat import ChatStream
from nbnebius.client.client import AsyncClient

__all__ = ["AsyncClient", "ChatStream"]
