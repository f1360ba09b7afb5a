"""The two files that a batch writes, while they grow."""

import fcntl
import os
from pathlib import Path
from typing import BinaryIO

from nbnebius.sandbox.keeping.batches import Batch
from nbnebius.sandbox.keeping.shelf import Shelf


class InUseError(Exception):
    """Another process with the same data folder works on the batch."""


class Results:
    """
    The answers and the failures of a batch, added line by line.

    Opening them cuts off what came after the last checkpoint.

    Parameters
    ----------
    shelf
        Where finished files go.
    batch
        Whose results these are.

    Raises
    ------
    InUseError
        See there.
    """

    def __init__(self, shelf: Shelf, batch: Batch) -> None:
        self._batch = batch
        shelf.make_folder()
        self._output = _open(_path(shelf, batch, "output"))
        self._error = _open(_path(shelf, batch, "error"))
        try:
            fcntl.flock(self._output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise InUseError from None
        whole = _cut(self._output, batch.output_bytes) and _cut(self._error, batch.error_bytes)
        if not whole:
            self._restart()

    def _restart(self) -> None:
        """Begin again: a crash of the whole computer has taken answers that were counted."""
        batch = self._batch
        batch.completed = batch.failed = batch.position = batch.line = batch.done = 0
        for file in (self._output, self._error):
            _cut(file, 0)
        self.checkpoint()

    def add_answer(self, line: bytes) -> None:
        """Add an answer."""
        self._output.write(line)
        self._batch.completed += 1

    def add_failure(self, line: bytes) -> None:
        """Add a failure."""
        self._error.write(line)
        self._batch.failed += 1

    def checkpoint(self) -> None:
        """Hand everything to the system, and note in the batch how much it is."""
        self._output.flush()
        self._error.flush()
        self._batch.output_bytes = self._output.tell()
        self._batch.error_bytes = self._error.tell()

    def close(self) -> None:
        """Close both files."""
        self._output.close()
        self._error.close()


def keep_results(shelf: Shelf, batch: Batch) -> None:
    """Put what is not empty on the shelf; to do it again after a crash changes nothing."""
    batch.output_file_id = _keep(shelf, batch, "output", batch.output_bytes)
    batch.error_file_id = _keep(shelf, batch, "error", batch.error_bytes)


def _keep(shelf: Shelf, batch: Batch, kind: str, size: int) -> str | None:
    path = _path(shelf, batch, kind)
    if size == 0:
        path.unlink(missing_ok=True)
        return None
    # The batch's id was made here, never by a client, so it is safe in a name.
    name = f"file-{batch.id.removeprefix('batch_')}-{kind}"
    return shelf.add(path, f"{batch.id}_{kind}.jsonl", "batch_output", name).id


def _path(shelf: Shelf, batch: Batch, kind: str) -> Path:
    return shelf.part(f"{batch.id}.{kind}")


def _cut(file: BinaryIO, size: int) -> bool:
    """Cut a file to its size at the checkpoint; tell whether it was that long."""
    if file.seek(0, os.SEEK_END) < size:
        return False
    file.truncate(size)
    file.seek(size)
    return True


def _open(path: Path) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "r+b")
