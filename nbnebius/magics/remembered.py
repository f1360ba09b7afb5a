"""
What the journal remembers by name, for Tab: a look at its file that writes nothing and never waits.

The journal itself is opened by the first call that needs it; a list of names is no reason to.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from nbnebius.settings import home

WAIT = 0.2  # seconds for a lock that another kernel holds


def thread_names() -> list[str]:
    """Name the threads, the one that was asked last first; notebooks' own have no short name."""
    query = "SELECT thread FROM turns GROUP BY thread ORDER BY max(asked_at) DESC"
    return [name for name in _names(query) if ":" not in name]


def prompt_names() -> list[str]:
    """Name the saved prompts."""
    return _names("SELECT name FROM prompts ORDER BY name")


def _names(query: str) -> list[str]:
    address = f"{(home() / 'journal.sqlite').absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT)) as journal:
            return [name for (name,) in journal.execute(query)]
    except sqlite3.Error:
        return []
