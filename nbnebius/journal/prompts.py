"""Prompts that the user saved by name: the magic's line and body, as they were typed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from nbnebius.journal.journal import Journal


@dataclass(frozen=True, slots=True)
class SavedPrompt:
    """
    A saved prompt.

    Attributes
    ----------
    name
        Its name.
    command
        The magic it was typed for: ``chat`` or ``map``.
    line, cell
        The magic's line and its body; `cell` is None for a line magic.
    saved_at
        Seconds since 1970, UTC.
    """

    name: str
    command: str
    line: str
    cell: str | None
    saved_at: float = 0.0


def save_prompt(journal: Journal, prompt: SavedPrompt) -> bool:
    """Save a prompt under its name; True where it takes the place of another."""
    row = (prompt.name, prompt.command, prompt.line, prompt.cell, time.time())

    def write(connection: sqlite3.Connection) -> bool:
        found = connection.execute(
            "SELECT 1 FROM prompts WHERE name = ?", (prompt.name,)
        ).fetchone()
        connection.execute(
            "INSERT OR REPLACE INTO prompts (name, command, line, cell, saved_at)"
            " VALUES (?,?,?,?,?)",
            row,
        )
        return found is not None

    return journal.writer.submit(write).result()


def saved_prompts(journal: Journal) -> list[SavedPrompt]:
    """List the saved prompts by name."""

    def read(connection: sqlite3.Connection) -> list[SavedPrompt]:
        rows = connection.execute(
            "SELECT name, command, line, cell, saved_at FROM prompts ORDER BY name"
        )
        return [SavedPrompt(*row) for row in rows]

    return journal.writer.submit(read).result()


def drop_prompt(journal: Journal, name: str) -> bool:
    """Delete a saved prompt; False where there is none of that name."""

    def write(connection: sqlite3.Connection) -> bool:
        return connection.execute("DELETE FROM prompts WHERE name = ?", (name,)).rowcount == 1

    return journal.writer.submit(write).result()
