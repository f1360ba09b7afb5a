"""Budgets of a session and of a day: what may be spent, and what counts as spent already."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from nbnebius.journal import Purse
from nbnebius.session.core import Core

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from nbnebius.journal import Journal
    from nbnebius.settings import Config

SETTINGS = {"session": "budget", "day": "budget_per_day"}


class Budgets(Core):
    """The part of a session that holds the money together."""

    def budgets(self) -> list[Purse]:
        """Give the budgets in force: their limits and what is spent of them, in USD."""
        hold_budgets(self.journal, self.config, self.is_sandbox)
        return self.journal.purses

    def before_call(self) -> None:
        """Have the budgets in force before anything is sent."""
        if self.journal.purses or any(self.config.get(name) for name in SETTINGS.values()):
            hold_budgets(self.journal, self.config, self.is_sandbox)

    def set_budget(self, usd: float | None, per: str = "session", *, keep: bool = False) -> None:
        """
        Set or lift what may be spent: by this session, or by all of them in a day.

        Parameters
        ----------
        usd
            The limit, in USD; None lifts it.
        per
            ``session`` or ``day`` (from midnight on, local time).
        keep
            For later sessions too.
        """
        self.config.set(SETTINGS[per], usd, keep=keep)
        self.budgets()


def hold_budgets(journal: Journal, config: Config, sandbox: bool | None) -> None:
    """
    Put the budgets that the settings name into force, each with what counts as spent.

    Of a day, other kernels spend too: what they did is looked up again every few seconds. What
    batches held that have ended since is let go of.
    """
    from nbnebius.journal import settle_ended

    settle_ended(journal)
    held = {purse.name: purse for purse in journal.purses}
    purses = []
    for per, setting in SETTINGS.items():
        limit = config.get(setting)
        if limit is None:
            continue
        name = f"budget of this {per}"
        purse = held.get(name)
        if purse is None:
            look_up = counted(journal.session, sandbox, of_day=per == "day")
            purse = Purse(limit, journal.writer.submit(look_up).result(), name)
            purse.looked_up = time.monotonic()
            purse.look_up = look_up if per == "day" else None
        purse.limit = limit
        purses.append(purse)
    journal.purses = purses


def counted(
    session: str, sandbox: bool | None, *, of_day: bool
) -> Callable[[sqlite3.Connection], float]:
    """
    Give what reads what counts against a budget, in USD.

    What has no known cost counts at its highest; what this session has on its way is held by its
    purses, and does not count twice.
    """

    def read(connection: sqlite3.Connection) -> float:
        since = midnight() if of_day else 0.0
        row = connection.execute(
            "SELECT coalesce(sum(coalesce(cost, cost_bound, 0)), 0) FROM calls"
            " WHERE sent_at >= ? AND state <> 'failed'"
            " AND (session = ? OR ?)"
            " AND (session <> ? OR cost IS NOT NULL OR state = 'possibly_paid')"
            " AND (? IS NULL OR (service LIKE 'sandbox:%') = ?)",
            (since, session, of_day, session, sandbox, sandbox),
        ).fetchone()
        return float(row[0])

    return read


def midnight() -> float:
    """Give the beginning of this day, by the local clock, in seconds since 1970."""
    now = datetime.now().astimezone()
    return now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
