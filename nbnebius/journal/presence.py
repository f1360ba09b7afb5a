"""
Which sessions are alive: each holds a lock on a small file of its own while it is open.

The operating system lets go of a lock when its process ends, however it ends. So a session is dead
where its file can be locked or is gone; process ids, which are used again after a restart and mean
nothing across containers, are not asked. Where one kernel holds the journal alone it needs no sign,
and over a network, where locks prove nothing, nobody who left one is called dead.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from nbnebius.journal.place import is_exclusive, on_network

try:
    import fcntl
except ImportError:  # then nobody is known to be dead
    LOCKS = False
else:
    LOCKS = True

if TYPE_CHECKING:
    from pathlib import Path


class Presence:
    """
    One session's sign of life.

    Parameters
    ----------
    journal
        The journal's file; the signs stand in a folder beside it.
    session
        The session's name.
    """

    def __init__(self, journal: Path, session: str) -> None:
        self._file: int | None = None
        if is_exclusive(journal):
            return
        folder = signs(journal)
        folder.mkdir(mode=0o700, exist_ok=True)
        self._path = folder / session
        self._pid = os.getpid()
        # It gets its name once it is locked, so that nobody takes it for a dead one's.
        fresh = folder / f"{session}.new"
        self._file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if LOCKS:
            with contextlib.suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh.rename(self._path)

    def end(self) -> None:
        """Take the sign away; a forked child leaves its parent's alone."""
        file, self._file = self._file, None
        if file is None:
            return
        if os.getpid() == self._pid:
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(file)


def signs(journal: Path) -> Path:
    """Give the folder of the signs of life."""
    return journal.with_name("sessions")


def is_dead(journal: Path, session: str) -> bool:
    """Tell whether a session has surely ended; False where that cannot be told."""
    if not LOCKS or not session.isalnum():
        return False
    try:
        file = os.open(signs(journal) / session, os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if on_network(journal):
        os.close(file)
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def others_live(journal: Path) -> bool:
    """Tell whether another session surely has the journal open."""
    if not LOCKS or on_network(journal):
        return False
    with contextlib.suppress(OSError):
        return any(
            sign.suffix != ".new" and not is_dead(journal, sign.name)
            for sign in signs(journal).iterdir()
        )
    return False


def forget_the_dead(journal: Path) -> None:
    """Take the signs of dead sessions away."""
    with contextlib.suppress(OSError):
        for sign in list(signs(journal).iterdir()):
            if is_dead(journal, sign.name):
                sign.unlink()
