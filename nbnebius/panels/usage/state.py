"""What was spent, as plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbnebius.panels.pictures import plot_html
from nbnebius.panels.state import State
from nbnebius.plots import usage as draw_usage
from nbnebius.rendering.answer import usd
from nbnebius.session import default_session

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.session import Caller

BY: Final = ("model", "day", "kind", "session", "service", "state")
SINCE: Final = {"today": "1d", "7 days": "7d", "30 days": "30d", "always": None}
SHOWN: Final = ("calls", "reused", "tokens_in", "tokens_out", "cost", "saved", "possibly_paid")


def plot_of(rows: pd.DataFrame) -> str:
    """Draw USD by day and model of a frame with a row per call; "" where there is none."""
    if not len(rows):
        return ""
    return plot_html(lambda ax: draw_usage(rows, ax=ax), about="cost per day, by model")


@dataclass(frozen=True, slots=True)
class Left:
    """A budget: its name, its limit and what is spent of it, in USD."""

    name: str
    limit: float
    spent: float

    @property
    def share(self) -> float:
        """The part that is spent, from 0 to 1."""
        return min(1.0, self.spent / self.limit) if self.limit else 1.0

    @property
    def text(self) -> str:
        """It in words."""
        return f"{self.name}: {usd(self.spent)} of {usd(self.limit)}"


class UsageState(State):
    """
    The ledger summed, and the budgets in force.

    Attributes
    ----------
    by, since
        How it is summed, and from when on: one of `BY` and of `SINCE`.
    sums
        A row per group, the dearest first; None until it was read.
    plot
        USD by day and model, as HTML; "" where there was no call.
    budgets
        Those in force.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by: str = "model"
        self.since: str = "7 days"
        self.sums: pd.DataFrame | None = None
        self.plot = ""
        self.budgets: tuple[Left, ...] = ()

    def choose(self, *, by: str | None = None, since: str | None = None) -> None:
        """Sum in another way, or over another time, and read again."""
        self.by, self.since = by or self.by, since or self.since
        self.read()

    def read(self) -> None:
        """Read the ledger anew."""
        self.renew("reading the ledger", self._read)

    def _read(self, caller: Caller) -> None:  # noqa: ARG002 - nothing is asked
        session = default_session()
        since = SINCE[self.since]
        sums = session.usage(self.by, since=since)  # type: ignore[arg-type]  # it checks the word
        rows = session.usage(since=since)
        budgets = tuple(Left(p.name, p.limit, p.spent) for p in session.budgets())
        plot = plot_of(rows)
        with self.lock:
            self.sums, self.plot, self.budgets = sums, plot, budgets
        play = " of play money" if sums.attrs.get("play_money") else ""
        total = usd(float(sums["cost"].sum()))
        self.status = f"{total}{play} in {int(sums['calls'].sum()):,} calls"

    @property
    def table(self) -> pd.DataFrame | None:
        """The sums' columns that people read."""
        if self.sums is None:
            return None
        names = [self.by, *(name for name in SHOWN if name in self.sums.columns)]
        return self.sums[names]

    def to_cell(self) -> str:
        """Write the cell that gives the same frame."""
        since = SINCE[self.since]
        return f"%nebius usage {self.by}" + (f" --since {since}" if since else "") + "\n"
