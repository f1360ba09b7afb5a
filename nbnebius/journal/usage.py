"""The ledger: every call that was billed, and every answer that was shown again instead."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    import sqlite3

    from nbnebius.journal.journal import Journal

By: TypeAlias = Literal["model", "kind", "day", "session", "service", "state"]
BY: tuple[By, ...] = get_args(By)
CACHED = 10  # where in a row it stands; SQLite has no booleans
KEPT = "kept"  # the state of what was shown again

# Failed calls are not billed, and those that still run are not billed yet.
_BILLED = "state IN ('done', 'partial', 'possibly_paid')"
_WITHIN = "{at} >= ? AND {at} < ? AND (? IS NULL OR (service LIKE 'sandbox:%') = ?)"
_CALLS = (
    "SELECT sent_at, kind, model, service, state, prompt_tokens, completion_tokens, images, cost,"  # noqa: S608 - our own words
    " CASE WHEN state = 'possibly_paid' THEN cost_bound END, 0, place, session, NULL, NULL"
    f" FROM calls WHERE {_BILLED} AND {_WITHIN.format(at='sent_at')}"
)
_REUSES = (
    f"SELECT at, kind, model, service, '{KEPT}', NULL, NULL, NULL, 0.0, NULL, 1, '', session,"  # noqa: S608 - our own words
    f" answers, saved FROM reuses WHERE {_WITHIN.format(at='at')}"
)


@dataclass(frozen=True, slots=True)
class UsageRow:
    """
    One billed call, or answers that were shown again (``cached``).

    `time` is in seconds since 1970 (UTC), `cost`, `cost_bound` (the most that a possibly paid call
    can have cost) and `saved` are in USD; None is unknown, or makes no sense there.
    """

    time: float
    kind: str
    model: str
    service: str
    state: str
    tokens_in: int | None
    tokens_out: int | None
    images: int | None
    cost: float | None
    cost_bound: float | None
    cached: bool
    place: str
    session: str
    answers: int | None
    saved: float | None


@dataclass(frozen=True, slots=True)
class UsageSum:
    """
    The sums of one group.

    `calls` were paid, of which `unpriced` have no known price; `reused` answers were shown again;
    `possibly_paid` calls cost at most `cost_bound` USD besides (of those whose bound is known).
    """

    group: str
    calls: int
    reused: int
    tokens_in: int
    tokens_out: int
    images: int
    cost: float
    unpriced: int
    possibly_paid: int
    cost_bound: float
    saved: float


def usage_rows(
    journal: Journal,
    *,
    since: float = 0.0,
    until: float = float("inf"),
    sandbox: bool | None = None,
) -> list[UsageRow]:
    """
    List billed calls and reuses, the oldest first.

    Parameters
    ----------
    since, until
        Seconds since 1970, UTC; from the first on and before the second.
    sandbox
        Only the play money of sandboxes, or only real money; None is both.
    """
    within = (since, until, sandbox, sandbox)

    def read(connection: sqlite3.Connection) -> list[UsageRow]:
        rows = connection.execute(f"{_CALLS} UNION ALL {_REUSES} ORDER BY 1", within * 2)
        found = []
        for row in rows:
            values = list(row)
            values[CACHED] = bool(values[CACHED])
            found.append(UsageRow(*values))
        return found

    return journal.writer.submit(read).result()


def usage_by(
    journal: Journal,
    by: By,
    *,
    since: float = 0.0,
    until: float = float("inf"),
    sandbox: bool | None = None,
) -> list[UsageSum]:
    """
    Sum billed calls and reuses by model, kind, day (UTC), session, service or state.

    Days and sessions come in the order of time, all else the dearest first.
    """
    within = (since, until, sandbox, sandbox)
    group = "strftime('%Y-%m-%d', time, 'unixepoch')" if by == "day" else by
    columns = (
        "time, kind, model, service, state, tokens_in, tokens_out, images, cost, cost_bound,"
        " cached, place, session, answers, saved"
    )
    paid = "state IN ('done', 'partial')"
    sums = (
        f"count(*) FILTER (WHERE {paid}), coalesce(sum(answers), 0), coalesce(sum(tokens_in), 0),"
        " coalesce(sum(tokens_out), 0), coalesce(sum(images), 0), coalesce(sum(cost), 0.0),"
        f" count(*) FILTER (WHERE {paid} AND cost IS NULL),"
        " count(*) FILTER (WHERE state = 'possibly_paid'), coalesce(sum(cost_bound), 0.0),"
        " coalesce(sum(saved), 0.0)"
    )
    order = "min(time)" if by in {"day", "session"} else "sum(cost) DESC, 1"

    def read(connection: sqlite3.Connection) -> list[UsageSum]:
        rows = connection.execute(
            f"WITH ledger ({columns}) AS ({_CALLS} UNION ALL {_REUSES})"  # noqa: S608 - our own words
            f" SELECT {group}, {sums} FROM ledger GROUP BY 1 ORDER BY {order}",
            within * 2,
        )
        return [UsageSum(*row) for row in rows]

    return journal.writer.submit(read).result()


async def note_reuse(
    journal: Journal,
    kind: str,
    service: str,
    model: str,
    answers: int,
    saved: float | None,
) -> None:
    """Write down that kept answers were shown instead of bought; `saved` is what they cost then."""
    row: tuple[Any, ...] = (time.time(), journal.session, kind, service, model, answers, saved)

    def write(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO reuses (at, session, kind, service, model, answers, saved)"
            " VALUES (?,?,?,?,?,?,?)",
            row,
        )

    if answers:
        await journal.committed(write)
