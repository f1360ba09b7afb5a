"""
Carry what can still be read of a damaged journal into a new one, row by row.

A damaged file may hand out rows that make no sense, or a body that belongs to another call. So
each row is checked before it is carried over, and a call answers to its key only where that key is
found again from the request that was sent; otherwise it keeps its place in the ledger, and nobody
is answered from it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.journal.keys import own_key, request_key
from nbnebius.journal.packing import unpack
from nbnebius.journal.rescued_rows import LEAST_ROW, table_rows
from nbnebius.journal.sound import CHECKS, ENDPOINTS, NEEDED, good_vector, sound_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from nbnebius.journal.sound import Row

AT_ONCE = 500  # rows per insert
REPEATS = 16  # how many further answers to one request are looked for
PICTURES = 64  # and how many pictures of one prompt without a seed
UNIT = 1e-3  # how far a vector's length may be from 1 to be called 1
MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class Saved:
    """How much was carried over."""

    calls: int = 0
    answers: int = 0
    vectors: int = 0


def salvage(damaged: Path, fresh: sqlite3.Connection) -> Saved:
    """
    Copy the readable rows of a damaged journal into a new, empty one.

    The damaged file is only read. That it is damaged beyond reading is no error: then nothing is
    saved.

    Raises
    ------
    sqlite3.Error
        The new file cannot be written.
    """
    most = damaged.stat().st_size // LEAST_ROW
    source = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    fresh.execute("BEGIN IMMEDIATE")
    try:
        with contextlib.suppress(sqlite3.Error):
            source.execute("PRAGMA trusted_schema=OFF")
            source.execute("PRAGMA cell_size_check=ON")
        saved = _carry(lambda table: _complete(table_rows(source, table, most), table), fresh)
        fresh.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            fresh.execute("ROLLBACK")
        raise
    finally:
        source.close()
    return saved


def _complete(rows: Iterator[Row], table: str) -> Iterator[Row]:
    """Leave out rows that lack a column, as those of a broken description of a table do."""
    needed = NEEDED[table]
    return (row for row in rows if needed <= row.keys())


def _carry(read: Callable[[str], Iterator[Row]], fresh: sqlite3.Connection) -> Saved:
    for table, good in CHECKS.items():
        _insert(fresh, table, filter(good, read(table)))
    _insert(fresh, "bodies", (row for each in read("bodies") if (row := _good_body(fresh, each))))
    _insert(fresh, "vectors", filter(good_vector, read("vectors")))
    _insert(fresh, "turns", filter(None, map(sound_turn, read("turns"))))
    _drop_odd_vectors(fresh)
    # A number that is free again will be another call's.
    fresh.execute("UPDATE vectors SET call = NULL WHERE call NOT IN (SELECT id FROM calls)")
    fresh.execute("UPDATE turns SET call = NULL WHERE call NOT IN (SELECT id FROM calls)")
    fresh.execute("UPDATE calls SET job = NULL WHERE job NOT IN (SELECT id FROM jobs)")
    _forget_unproven_keys(fresh)
    answers = (
        "SELECT count(*) FROM bodies JOIN calls ON calls.id = call"
        " WHERE state = 'done' AND answer IS NOT NULL"
    )
    return Saved(
        fresh.execute("SELECT count(*) FROM calls").fetchone()[0],
        fresh.execute(answers).fetchone()[0],
        fresh.execute("SELECT count(*) FROM vectors").fetchone()[0],
    )


def _insert(fresh: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    known = [name for _, name, *_ in fresh.execute(f"PRAGMA table_info({table})")]
    names = known
    lot: list[list[Any]] = []
    for row in rows:
        if not lot:
            names = [name for name in known if name in row]
        lot.append([row[name] for name in names])
        if len(lot) == AT_ONCE:
            _insert_lot(fresh, table, names, lot)
            lot = []
    _insert_lot(fresh, table, names, lot)


def _insert_lot(
    fresh: sqlite3.Connection, table: str, names: list[str], lot: list[list[Any]]
) -> None:
    marks = ",".join("?" * len(names))
    # What breaks a rule of the table (twice there, nothing where something must be) is damaged.
    fresh.executemany(
        f"INSERT OR IGNORE INTO {table} ({','.join(names)}) VALUES ({marks})",  # noqa: S608 - names of our own tables
        lot,
    )


def _good_body(fresh: sqlite3.Connection, row: Row) -> Row | None:
    """Give a body whose parts unpack and whose request, or key, is the call's; else None."""
    call = fresh.execute(
        "SELECT model, key FROM calls WHERE id = ? AND private = 0", (row["call"],)
    ).fetchone()
    if call is None:
        return None
    if row["request"] != call[1] and _model_of(_whole(row["request"])) != call[0]:
        return None
    return row if _whole(row["answer"]) is not None else {**row, "answer": None}


def _whole(packed: Any) -> bytes | None:
    return unpack(packed) if isinstance(packed, bytes) else None


def _model_of(request: bytes | None) -> Any:
    try:
        return json.loads(request or b"").get("model")
    except (ValueError, AttributeError, RecursionError):
        return None


def _drop_odd_vectors(fresh: sqlite3.Connection) -> None:
    """
    Drop vectors with numbers that are none, and those of another length where all have length 1.

    Those of an older version carry no checksum, so this is what tells a damaged one.
    """
    import numpy as np

    broken: list[tuple[int]] = []
    odd: list[tuple[int]] = []
    units = 0
    for number, data in fresh.execute("SELECT id, vector FROM vectors"):
        with np.errstate(invalid="ignore"):  # of what is no number, nothing need be said
            values = np.frombuffer(data, "<f4").astype(np.float64)
        if not np.isfinite(values).all():
            broken.append((number,))
        elif abs(float(values @ values) - 1) > UNIT:
            odd.append((number,))
        else:
            units += 1
    if units >= MOSTLY * (units + len(odd)):
        broken += odd
    fresh.executemany("DELETE FROM vectors WHERE id = ?", broken)


def _forget_unproven_keys(fresh: sqlite3.Connection) -> None:
    """Give calls whose key does not follow from their request one that nobody asks for."""
    rows = fresh.execute(
        "SELECT calls.id, key, kind, service, repeat, request FROM calls"
        " JOIN bodies ON call = calls.id WHERE answer IS NOT NULL AND kind <> 'embedding'"
    )
    unproven = [(own_key(), number) for number, *told in rows if not _proves(*told)]
    fresh.executemany("UPDATE calls SET key = ? WHERE id = ?", unproven)


def _proves(key: bytes, kind: str, service: str, repeat: int | None, request: bytes) -> bool:
    if request == key:  # of a request that is not kept
        return True
    body = json.loads(unpack(request) or b"{}")
    endpoint = ENDPOINTS[kind]
    names = [(body, again) for again in (repeat or 0, *range(REPEATS))]
    if kind == "image":
        # A seed that nobody asked for is no part of the name; see `nbnebius.work.images`.
        names += [({**body, "seed": f"random {index}"}, 0) for index in range(PICTURES)]
    try:
        return any(request_key(service, endpoint, name, repeat=n) == key for name, n in names)
    except ValueError:  # no request of ours has such numbers
        return False
