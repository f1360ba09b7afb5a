"""A batch's input file, written row by row and split where the API's limits are."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from nbnebius.types.batch_input import MOST_BYTES, MOST_REQUESTS, write_lines
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

ENDPOINT = "/v1/chat/completions"
KEY_BYTES = 16
AROUND = len(b"".join(write_lines([("0" * 2 * KEY_BYTES, b"")], url=ENDPOINT)))
"""Bytes of a line besides its body."""


class BatchRules(Record, frozen=True):
    """
    How batches are made and waited for.

    Attributes
    ----------
    requests, bytes
        Most of them in one file.
    group
        Lines that are kept in one commit.
    first_pause, longest_pause
        Seconds between two looks at a batch; they grow.
    grace
        Looks for results that are told of and not there yet.
    """

    requests: int = MOST_REQUESTS
    bytes: int = MOST_BYTES
    group: int = 256
    first_pause: float = 1.0
    longest_pause: float = 30.0
    grace: int = 5


class BatchFile:
    """
    The input file of one batch.

    A place is taken for each row before it is known whether nobody else asks it; so a file may end
    a little smaller than it could.

    Parameters
    ----------
    path
        Where it is written; it must not be there yet.
    rules
        How much it may hold.

    Attributes
    ----------
    requests, size
        The lines that are in it, and their bytes.
    """

    def __init__(self, path: Path, rules: BatchRules) -> None:
        self.path = path
        self.requests = self.size = 0
        self._rules = rules
        self._places = self._room_taken = 0
        self._name = hashlib.blake2b(digest_size=KEY_BYTES, person=b"nbnebius-batch-1")
        self._file = path.open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def could_hold(self, data: bytes) -> bool:
        """Tell whether an empty file would have room for a request's body."""
        return len(data) + AROUND <= self._rules.bytes

    def take_place(self, data: bytes) -> bool:
        """Take a place for a request's body, where there is one."""
        size = len(data) + AROUND
        if self._places >= self._rules.requests or self._room_taken + size > self._rules.bytes:
            return False
        self._places += 1
        self._room_taken += size
        return True

    def write(self, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Write requests: their keys, which become their ``custom_id`` in hex, and bodies."""
        for key, _ in rows:
            self._name.update(key)
        for block in write_lines(((key.hex(), data) for key, data in rows), url=ENDPOINT):
            self._file.write(block)
            self.size += len(block)
        self.requests += len(rows)

    def finish(self) -> None:
        """Have all of it on disk."""
        self._file.flush()

    def key(self, times: int) -> bytes:
        """Name the batch by its requests, for the first (0), second … time that they are asked."""
        name = self._name.copy()
        name.update(times.to_bytes(4, "big"))
        return name.digest()


def file_name(key: bytes) -> str:
    """Name a batch's input file at the server."""
    return f"nbnebius-{key.hex()}.jsonl"
