"""Who holds a journal alone: told by a small file beside it, for the kernel that is turned away."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
import time
from typing import TYPE_CHECKING

from nbnebius.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path


class HeldConnection(sqlite3.Connection):
    """A connection that keeps its lock until it is closed, and says whose it is."""

    _sign: Path | None = None

    def hold(self, path: Path) -> None:
        """Take the lock for good, and write down who has it."""
        self.execute("BEGIN EXCLUSIVE")
        self.execute("COMMIT")
        sign = _sign_of(path)
        text = json.dumps({"host": platform.node(), "pid": os.getpid(), "since": time.time()})
        # The lock is what counts; a holder without a sign is only harder to find.
        with contextlib.suppress(OSError):
            fresh = sign.with_name(f"{sign.name}.new")
            fresh.write_text(text, encoding="utf-8")
            fresh.chmod(0o600)
            fresh.replace(sign)
            self._sign = sign

    def close(self) -> None:
        """Take the sign away and let go."""
        if self._sign:
            with contextlib.suppress(OSError):
                self._sign.unlink()
            self._sign = None
        super().close()


def held_by(path: Path) -> JournalError | None:
    """Say who holds a journal that is locked, where a sign tells."""
    try:
        told = json.loads(_sign_of(path).read_text(encoding="utf-8"))
        since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(float(told["since"])))
        who = f"process {int(told['pid'])} on {told['host']} holds it since {since}"
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return JournalError(
        "Another kernel holds the journal",
        why=f"{who}, and only one at a time can use it there: {path}",
        hint="shut that kernel down, or set NBNEBIUS_HOME to another folder for this one",
    )


def _sign_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.holder")
