"""The models and aliases that are known without asking anybody: from memory, else from disk."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from nbnebius.session import Session
    from nbnebius.types.model import ModelRecord


def known_models() -> list[ModelRecord]:
    """
    Give the models of the service in use, as they were last read.

    Those that the session holds; before it has asked, those on disk.
    """
    session = session_there()
    held = session.known_models() if session else []
    return held or _on_disk()


def known_aliases() -> dict[str, str]:
    """Give the aliases in force, by name."""
    from nbnebius.settings import Config

    session = session_there()
    return dict((session.config if session else Config()).aliases)


def session_there() -> Session | None:
    """Give the default session if there is one; none is started for a list of names."""
    rooms = sys.modules.get("nbnebius.session.default")
    return rooms.default_session() if rooms and rooms.has_default() else None


def _on_disk() -> list[ModelRecord]:
    from nbnebius.catalogs.cache import load, newest
    from nbnebius.settings import Config, find_address, home, is_nebius_host

    url = find_address(Config().user)
    parts = urlsplit(url)
    if is_nebius_host(parts.hostname or ""):
        catalog = load(home(), "nebius")
    else:
        # A server on this machine tells its name only when it is asked.
        catalog = load(home(), f"{parts.scheme}://{parts.netloc}") or newest(home(), "sandbox:")
    return catalog.records if catalog else []
