"""Work that must not be lost because the journal could not be written when it was due."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Lasting:
    """
    Work of the writer that is tried again with whatever is written next, until it is on disk.

    Whoever waits for it hears of the first failure all the same. All methods are called on the
    writer's thread.

    Parameters
    ----------
    write
        What is to be done with the connection.
    """

    def __init__(self, write: Callable[[sqlite3.Connection], Any]) -> None:
        self._write = write

    def __call__(self, connection: sqlite3.Connection) -> Any:
        """Do the work."""
        return self._write(connection)

    def landed(self) -> None:
        """Hear that it is on disk."""

    def missed(self, error: Exception) -> bool:
        """Hear that it is not; True where another try can help: a lock, a full disk."""
        return isinstance(error, sqlite3.OperationalError)
