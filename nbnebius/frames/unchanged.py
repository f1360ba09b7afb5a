"""
Which columns of vectors are the rows of one block, and were found to be so before.

To ask it of a million rows takes longer than to search them. So what was found is remembered, with
the very rows it was found of: as long as a column holds the same objects, it holds the same views.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from nbnebius.types.record import Record

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Seen(Record, frozen=True):
    # Only the array that pandas keeps is watched: with its end all of this is let go.
    owner: weakref.ref[NDArray[Any]]
    rows: NDArray[Any]
    block: NDArray[np.float32]


_seen: dict[int, _Seen] = {}


def remember(column: NDArray[Any], block: NDArray[np.float32]) -> None:
    """Remember that a column's rows are the rows of `block`, in its order, none missing."""
    owner = _owner(column)
    place = id(owner)

    def forget(_: weakref.ref[NDArray[Any]]) -> None:
        _seen.pop(place, None)

    _seen[place] = _Seen(weakref.ref(owner, forget), column.copy(), block)


def remembered(column: NDArray[Any]) -> NDArray[np.float32] | None:
    """Give the block of a column whose rows are still the objects that were remembered."""
    owner = _owner(column)
    seen = _seen.get(id(owner))
    if seen is None or seen.owner() is not owner:
        return None
    # The bytes of an array of objects are their addresses; those remembered are alive, so that no
    # other object has taken one of them.
    if seen.rows.tobytes() == column.tobytes():
        return seen.block
    if len(seen.rows) == len(column):  # it was written to, so what it held need be held no longer
        _seen.pop(id(owner), None)
    return None


def _owner(column: NDArray[Any]) -> NDArray[Any]:
    while isinstance(column.base, np.ndarray):
        column = column.base
    return column
