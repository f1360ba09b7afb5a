"""Uploaded files: their bytes in a folder, what is known about them in the store."""

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nbnebius.sandbox.keeping.store import Store

_COLUMNS = "number, id, bytes, created_at, filename, purpose"
_INCOMING = "incoming-"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known about a file."""

    number: int
    id: str
    bytes: int
    created_at: int
    filename: str
    purpose: str

    def row(self) -> dict[str, object]:
        """Write the file as the API shows it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.bytes,
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": None,
            "status_details": None,
        }


class Shelf:
    """
    The files of a sandbox.

    On disk a file has its id for a name, which was made here; the name that a client gave is
    shown and never touches the file system.

    Parameters
    ----------
    store
        Keeps what is known about the files.
    folder
        Holds their bytes; made when it is first needed.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        for left in folder.glob(f"{_INCOMING}*"):
            left.unlink(missing_ok=True)

    def incoming(self) -> tuple[Path, BinaryIO]:
        """Open a new file for bytes that are still on their way."""
        self.make_folder()
        path = self._folder / f"{_INCOMING}{uuid.uuid4().hex}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return path, os.fdopen(os.open(path, flags, 0o600), "wb", buffering=0)

    def make_folder(self) -> None:
        """Make the folder, readable by its owner only."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def part(self, name: str) -> Path:
        """Give the place of a file that is still being written, named by this program."""
        return self._folder / name

    def path(self, id: str) -> Path:
        """Give the place of a file's bytes; the id must be one of `find` or one made here."""
        return self._folder / id

    def add(self, path: Path, filename: str, purpose: str, id: str | None = None) -> StoredFile:
        """Put a finished file on the shelf; putting it there again under the same id is one."""
        name = id or f"file-{uuid.uuid4()}"
        target = self.path(name)
        if path.exists():
            path.replace(target)
        self._store.execute(
            "INSERT OR IGNORE INTO files (id, bytes, created_at, filename, purpose, deleted) "
            "VALUES (?, ?, ?, ?, ?, 0)",
            (name, target.stat().st_size, int(time.time()), filename, purpose),
        )
        file = self.find(name)
        assert file is not None
        return file

    def find(self, id: str) -> StoredFile | None:
        """Give a file by its id, unless it was deleted."""
        rows = self._store.query(
            f"SELECT {_COLUMNS} FROM files WHERE id = ? AND deleted = 0",  # noqa: S608
            (id,),
        )
        return StoredFile(*rows[0]) if rows else None

    def listing(
        self, limit: int, after: str | None, purpose: str | None
    ) -> tuple[Sequence[StoredFile], bool] | None:
        """
        List files, newest first.

        Returns
        -------
        tuple or None
            The files and whether there are more; None when `after` was never a file. A deleted
            one still marks its place, so that a list can be deleted while it is read.
        """
        below = self._store.cursor("files", after)
        if below is None:
            return None
        rows = self._store.query(
            f"SELECT {_COLUMNS} FROM files WHERE deleted = 0 AND number < ?1 "  # noqa: S608
            "AND (?2 IS NULL OR purpose = ?2) ORDER BY number DESC LIMIT ?3",
            (below, purpose, limit + 1),
        )
        return [StoredFile(*row) for row in rows[:limit]], len(rows) > limit

    def remove(self, file: StoredFile) -> None:
        """Take a file off the shelf, and its bytes off the disk."""
        self._store.execute("UPDATE files SET deleted = 1 WHERE id = ?", (file.id,))
        self.path(file.id).unlink(missing_ok=True)
