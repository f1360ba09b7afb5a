"""The models of each service as one kind of record, cached on disk."""

from nbnebius.catalogs.cache import Catalog, load, save
from nbnebius.catalogs.choice import Work, first_choice, nearest, serves
from nbnebius.catalogs.nebius import to_records

__all__ = ["Catalog", "Work", "first_choice", "load", "nearest", "save", "serves", "to_records"]
