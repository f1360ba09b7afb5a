"""The models of each service as one kind of record, cached on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.catalogs.cache import Catalog, load, save
    from nbnebius.catalogs.choice import Work, first_choice, nearest, serves
    from nbnebius.catalogs.nebius import to_records

__getattr__ = fetcher(
    __name__,
    {
        "Catalog": "nbnebius.catalogs.cache",
        "Work": "nbnebius.catalogs.choice",
        "first_choice": "nbnebius.catalogs.choice",
        "load": "nbnebius.catalogs.cache",
        "nearest": "nbnebius.catalogs.choice",
        "save": "nbnebius.catalogs.cache",
        "serves": "nbnebius.catalogs.choice",
        "to_records": "nbnebius.catalogs.nebius",
    },
)

__all__ = ["Catalog", "Work", "first_choice", "load", "nearest", "save", "serves", "to_records"]
