"""Keep the journal under the size its user set, or say that it has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.journal.kept import tell_once

if TYPE_CHECKING:
    import sqlite3

    from nbnebius.journal.journal import Journal

GIGABYTE = 1e9  # bytes
STEP = 10 * GIGABYTE
TARGET = 0.9  # of the cap; so that it is not reached again at once
CALLS = 200  # how many of the oldest calls lose what is kept of them at a time
ROWS = 2000


def hold_size(journal: Journal, cap: float | None) -> str:
    """
    Make room where the file is above its cap; the oldest kept answers and vectors go first.

    Parameters
    ----------
    cap
        In GB (1e9 bytes); None is no cap.

    Returns
    -------
    str
        What the user should know, "" where there is nothing.
    """
    size = journal.path.stat().st_size
    if cap is not None:
        return _shrink(journal, cap) if size > cap * GIGABYTE else ""
    step = int(size // STEP)
    if step and tell_once(journal, f"size-{step}"):
        return (
            f"the journal has grown to {size / GIGABYTE:,.0f} GB; %nebius purge --older-than 30d "
            "makes room, and %nebius config journal_gb sets a cap"
        )
    return ""


def _shrink(journal: Journal, cap: float) -> str:
    from nbnebius.journal.purging import give_back

    wanted = cap * GIGABYTE * TARGET
    answers = vectors = 0

    def slice_off(connection: sqlite3.Connection) -> tuple[int, int] | None:
        if _used(connection) <= wanted:
            return None
        return _drop_oldest(connection)

    while dropped := journal.writer.submit(slice_off).result():
        answers, vectors = answers + dropped[0], vectors + dropped[1]
    if not answers and not vectors:
        return (
            f"the journal is larger than journal_gb ({cap:g} GB), and no kept answer is left in it"
        )
    note = give_back(journal)
    return (
        f"the journal was larger than journal_gb ({cap:g} GB): the oldest {answers:,} answers and "
        f"{vectors:,} vectors went, what they cost stays{f'; {note}' if note else ''}"
    )


def _used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _drop_oldest(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Drop what is kept of the oldest calls; None where nothing is left."""
    from nbnebius.journal.turns import forget_said

    ended = (
        "SELECT bodies.call FROM bodies JOIN calls ON calls.id = bodies.call WHERE state <> 'sent'"
    )
    body = connection.execute(f"{ended} ORDER BY bodies.call LIMIT 1").fetchone()
    vector = connection.execute(
        "SELECT coalesce(call, 0) FROM vectors ORDER BY id LIMIT 1"
    ).fetchone()
    oldest = [row[0] for row in (body, vector) if row]
    if not oldest:
        return None
    end = min(oldest) + CALLS
    answers = connection.execute(
        f"DELETE FROM bodies WHERE call IN ({ended} AND bodies.call < ?)",  # noqa: S608 - our own words
        (end,),
    ).rowcount
    forget_said(connection)
    vectors = connection.execute(
        "DELETE FROM vectors WHERE coalesce(call, 0) < ? AND id IN"
        " (SELECT id FROM vectors ORDER BY id LIMIT ?)",
        (end, ROWS),
    ).rowcount
    return answers, vectors
