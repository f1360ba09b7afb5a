"""``%nebius budget``: what may be spent, by this session or in a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.commands.line import split_line
from nbnebius.commands.nebius import BudgetOptions
from nbnebius.commands.option import options_of
from nbnebius.errors import OptionError
from nbnebius.magics.screen import say, show_rows
from nbnebius.rendering.answer import usd
from nbnebius.session import default_session

if TYPE_CHECKING:
    from nbnebius.journal import Purse
    from nbnebius.magics.magic import Notebook


def budget(notebook: Notebook, rest: str) -> None:
    """Show the budgets, or set or lift one."""
    session = default_session()
    given = split_line(rest, options_of(BudgetOptions))
    per, keep = str(given.values.get("per", "session")), bool(given.values.get("keep"))
    word = given.text.strip()
    if not word:
        rows = [(purse.name, told(purse)) for purse in session.budgets()]
        show_rows(notebook, rows or [("budget", "none: %nebius budget 5 sets one of USD 5")])
        return
    limit = None if word == "off" else _limit(word)
    session.set_budget(limit, per, keep=keep)
    where = ", and later ones" if keep else ""
    if limit is None:
        say(notebook, f"no budget for this {per}{where}")
        return
    (purse,) = (each for each in session.budgets() if each.name.endswith(per))
    say(notebook, f"{purse.name}{where}: {told(purse)}")


def told(purse: Purse) -> str:
    """Say how a budget stands."""
    return f"{usd(purse.limit)}, of which {usd(purse.spent)} are spent"


def _limit(word: str) -> float:
    try:
        limit = float(word.removeprefix("$"))
    except ValueError:
        limit = 0.0
    if not 0 < limit < float("inf"):
        raise OptionError(
            f"The budget cannot be {word[:40]!r}",
            why="it is USD, above 0, or off",
            hint="as %nebius budget 5, or %nebius budget 20 --per day --keep",
        )
    return limit
