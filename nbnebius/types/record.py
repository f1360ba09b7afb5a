"""
Plain records.

A `Record` is used as a dataclass is. It is made in C: a dataclass takes a millisecond to be
defined, and a first answer would wait for some fifty of them.
"""

from __future__ import annotations

from msgspec import Struct as Record
from msgspec import field
from msgspec.structs import replace

__all__ = ["Record", "field", "replace"]
