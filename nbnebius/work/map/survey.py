"""
What a job has to ask: its rows' requests, each once, however often it stands in the frame.

A million rows take some 40 bytes each: keys are held as one block, prompts are made when they are
sent.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.work.map.form import Form
    from nbnebius.work.map.template import Template

KEY_BYTES = 16
BREATH = 2_000
"""Rows between two looks at what else the loop has to do."""


class Source(Protocol):
    """The rows of a job, which can be read more than once."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    def rows(self) -> Iterator[Sequence[Any]]:
        """Give each row's values of the template's columns, None where there is none."""


@dataclass(frozen=True, slots=True)
class Survey:
    """
    The requests of a job.

    Attributes
    ----------
    numbers
        For each row its request's number, -1 where there is nothing to ask; (rows,) int32.
    first
        For each request the first row that asks it; (requests,) int64.
    keys
        Each request's key, `KEY_BYTES` after one another.
    characters
        What each request has a model read; (requests,) uint32.
    order
        The requests' numbers in the order of their keys: who looks up many finds neighbours.
    """

    numbers: NDArray[np.int32]
    first: NDArray[np.int64]
    keys: bytes
    characters: NDArray[np.uint32]
    order: NDArray[np.int64]

    @property
    def requests(self) -> int:
        """How many different requests there are."""
        return len(self.first)

    @property
    def skipped(self) -> int:
        """How many rows have nothing to ask."""
        return int((self.numbers < 0).sum())

    @property
    def duplicates(self) -> int:
        """How many rows ask what an earlier one asks."""
        return len(self.numbers) - self.skipped - self.requests

    def key(self, number: int) -> bytes:
        """Give one request's key."""
        return self.keys[number * KEY_BYTES : (number + 1) * KEY_BYTES]


async def survey(source: Source, template: Template, form: Form) -> Survey:
    """Read all rows once and find their requests."""
    import numpy as np

    keys, sizes = bytearray(), array("I")
    asks = np.zeros(source.count, dtype=bool)
    for row, values in enumerate(source.rows()):
        text = template.fill(values)
        if text is not None:
            asks[row] = True
            keys += form.key(text)
            sizes.append(form.characters(text))
        if row % BREATH == 0:
            await anyio.lowlevel.checkpoint()
    # All have one length, so that stripped zeros at their ends confuse nobody.
    every = np.frombuffer(keys, dtype=f"S{KEY_BYTES}")
    unique, first, inverse = np.unique(every, return_index=True, return_inverse=True)
    rank = np.argsort(first)  # by first appearance
    number_of = np.empty(len(rank), dtype=np.int64)
    number_of[rank] = np.arange(len(rank))
    numbers = np.full(source.count, -1, dtype=np.int32)
    numbers[asks] = number_of[inverse]
    asking = np.flatnonzero(asks)
    return Survey(
        numbers=numbers,
        first=asking[first[rank]],
        keys=unique[rank].tobytes(),
        characters=np.frombuffer(sizes, dtype=np.uint32)[first[rank]],
        order=number_of,
    )
