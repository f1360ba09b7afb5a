"""Budgets of a session and of a day: what may be spent, and what counts as spent already."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from nbnebius.journal import Purse, spent
from nbnebius.session.core import Core

if TYPE_CHECKING:
    from nbnebius.journal import Journal
    from nbnebius.settings import Config

SETTINGS = {"session": "budget", "day": "budget_per_day"}
STALE = 10.0  # seconds after which what other kernels spent is looked up again


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

    What other kernels spend today is looked up when a call begins, and at most every ten seconds.
    """
    wanted = {per: config.get(name) for per, name in SETTINGS.items()}
    held = {purse.name: purse for purse in journal.purses}
    purses = []
    for per, limit in wanted.items():
        if limit is None:
            continue
        name = f"budget of this {per}"
        purse = held.get(name)
        now = time.monotonic()
        if purse is None:
            purse = Purse(limit, _spent(journal, per, sandbox), name)
            purse.looked_up = now
        elif per == "day" and now - purse.looked_up > STALE:
            purse.spent, purse.looked_up = _spent(journal, per, sandbox), now
        purse.limit = limit
        purses.append(purse)
    journal.purses = purses


def _spent(journal: Journal, per: str, sandbox: bool | None) -> float:
    if per == "session":
        found = spent(journal, session=journal.session, sandbox=sandbox)
    else:
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        found = spent(journal, since=midnight.timestamp(), sandbox=sandbox)
    return found.cost + found.in_doubt
