"""
Files, as the server lists them.

Source: https://docs.tokenfactory.nebius.com/api-reference/files/list-files
"""

from __future__ import annotations

from typing import Any

import msgspec


class File(msgspec.Struct):
    """
    A file on the server.

    Attributes
    ----------
    id
        What other requests call it.
    bytes
        Its size.
    created_at, expires_at
        Seconds since 1970, as the server wrote them; `nbnebius.types.times.seconds` reads them.
    filename, purpose
        As they were given with the upload; results of batches have purposes of their own.
    status, status_details
        Often missing.
    raw
        The row as the server sent it.
    """

    id: str = ""
    bytes: int | None = None
    created_at: Any = None
    filename: str | None = None
    purpose: str | None = None
    status: str | None = None
    status_details: Any = None
    expires_at: Any = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)


class Deleted(msgspec.Struct):
    """What was deleted; ``deleted`` is None where the server did not say."""

    id: str = ""
    deleted: bool | None = None
