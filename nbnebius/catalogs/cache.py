"""The last catalog of each service on disk, for prices and for Tab without network."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from nbnebius.types.model import ModelRecord

if TYPE_CHECKING:
    from pathlib import Path

FRESH_FOR = 24 * 3600.0  # seconds


class Catalog(msgspec.Struct, frozen=True):
    """The models of one service, and when they were read (seconds since 1970, UTC)."""

    service: str
    read_at: float
    records: list[ModelRecord]

    def find(self, model: str) -> ModelRecord | None:
        """Give a model's record, or None."""
        return next((r for r in self.records if r.id == model), None)

    @property
    def is_fresh(self) -> bool:
        """Whether it was read within a day."""
        return 0 <= time.time() - self.read_at < FRESH_FOR


def load(folder: Path, service: str) -> Catalog | None:
    """Read a service's catalog from disk; None where there is none that can be read."""
    try:
        catalog = msgspec.json.decode(_path(folder, service).read_bytes(), type=Catalog)
    except (OSError, ValueError, RecursionError):  # ValueError: msgspec's too
        return None
    return catalog if catalog.service == service else None


def newest(folder: Path, prefix: str) -> Catalog | None:
    """Give the catalog that was read last of the services whose name begins so, or None."""
    found = []
    for path in (folder / "catalogs").glob("*.json"):
        with suppress(OSError, ValueError, RecursionError):
            found.append(msgspec.json.decode(path.read_bytes(), type=Catalog))
    fitting = [catalog for catalog in found if catalog.service.startswith(prefix)]
    return max(fitting, key=lambda catalog: catalog.read_at, default=None)


def save(folder: Path, catalog: Catalog) -> None:
    """Write a catalog; a disk that refuses costs only the cache."""
    path = _path(folder, catalog.service)
    fresh = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.write_bytes(msgspec.json.encode(catalog))
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()


def _path(folder: Path, service: str) -> Path:
    name = hashlib.blake2b(service.encode(), digest_size=8).hexdigest()
    return folder / "catalogs" / f"{name}.json"
