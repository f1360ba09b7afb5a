"""The catalogs beside the session's own: one's custom models, Open WebUI, Nebula Block."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nbnebius.catalogs.custom import custom_records
from nbnebius.catalogs.nebula_block import BASE_URL as NEBULA_URL
from nbnebius.catalogs.nebula_block import nebula_block_records
from nbnebius.catalogs.open_webui import open_webui_records
from nbnebius.client import AsyncClient
from nbnebius.errors import OptionError, SettingsError

if TYPE_CHECKING:
    from nbnebius.session.service import Service
    from nbnebius.types.model import ModelRecord

SOURCES = ("nebius", "nebius_custom", "open_webui", "nebula_block", "all")
# Each neighbour's variables (address, key) and the address where none is told.
NEIGHBOURS = {
    "open_webui": ("OPEN_WEBUI_BASE_URL", "OPEN_WEBUI_API_KEY", None),
    "nebula_block": ("NEBULA_BASE_URL", "NEBULA_API_KEY", NEBULA_URL),
}


def is_set_up(source: str) -> bool:
    """Tell whether a neighbour can be asked without being told how."""
    address, key, usual = NEIGHBOURS[source]
    return bool(os.environ.get(key) and (os.environ.get(address) or usual))


def paths_set_up() -> dict[str, str]:
    """Give the path of each neighbour that is set up, for a recording: its host is not told."""
    addresses = {
        source: os.environ.get(address) or usual or ""
        for source, (address, _, usual) in NEIGHBOURS.items()
    }
    return {source: urlsplit(at).path for source, at in addresses.items() if is_set_up(source)}


async def neighbour_records(
    service: Service,
    source: str,
    project: str | None,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    **options: Any,
) -> list[ModelRecord]:
    """
    List the models of a catalog beside the session's own.

    A neighbour's key from the environment goes only to the address that stands there too, or to
    the neighbour's usual one.

    Raises
    ------
    SettingsError
        It is not known where the neighbour is.
    OptionError
        No such catalog, or an option that it does not take.
    NebiusError
        It cannot be reached, or says no.
    """
    if options and source != "open_webui":
        raise OptionError(f"{source} takes no {', '.join(options)}", why="Open WebUI does")
    if source == "nebius_custom":
        return await custom_records(service.client, ai_project_id=project)
    if source not in NEIGHBOURS:
        raise OptionError(f"There is no catalog {source!r}", why="there are " + ", ".join(SOURCES))
    address_name, key_name, usual = NEIGHBOURS[source]
    transport = service.client.transport
    address = base_url or os.environ.get(address_name) or usual
    if transport.replay is not None and not base_url:
        path = transport.replay.neighbours.get(source, "")
        address = f"http://recording.invalid{path}"  # nothing is sent there
    if not address:
        raise SettingsError(
            f"It is not known where {source} is",
            why=f"{address_name} is not set",
            hint=f"set {address_name} and {key_name}, or pass base_url",
        )
    key = api_key or (None if base_url else os.environ.get(key_name))
    async with AsyncClient(key, address, max_retries=1) as client:
        client.transport.share_recording(transport, source)
        if source == "open_webui":
            return await open_webui_records(client, **options)
        return await nebula_block_records(client)
