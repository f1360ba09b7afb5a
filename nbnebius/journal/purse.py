"""
A budget: the most that may be spent, with what is on its way counted at its highest price.

What is on its way holds a part of the purse until it is known what it cost; what never becomes
known keeps its highest price. So the limit holds as far as the server honours ``max_tokens`` and
its own prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nbnebius.errors import BudgetReached, OptionError
from nbnebius.types.record import Record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable


DUST = 1e-12
"""USD: what sums of floats may be off by."""


class Hold(Record, eq=False):
    """A part of a purse that is held for one request, in USD."""

    bound: float


class Purse:
    """
    A budget of one job or one session.

    Parameters
    ----------
    limit
        USD.
    spent
        USD that count already.
    name
        For errors: whose budget it is.

    Attributes
    ----------
    spent
        USD: what is known, and what is possibly paid at its highest price.
    held
        USD: the highest prices of what is on its way.
    looked_up
        When `spent` was last read from the ledger, in seconds of the monotonic clock.
    look_up
        Reads from the ledger what is spent, where others spend of it too; None where nobody does.
    """

    def __init__(self, limit: float, spent: float = 0.0, name: str = "budget") -> None:
        self.limit = limit
        self.spent = spent
        self.name = name
        self.held = 0.0
        self.looked_up = 0.0
        self.look_up: Callable[[sqlite3.Connection], float] | None = None

    @property
    def left(self) -> float:
        """USD that are neither spent nor held."""
        return self.limit - self.spent - self.held

    def fits(self, bound: float) -> bool:
        """Tell whether a request that costs at most so many USD may leave now."""
        return bound <= self.left + DUST

    def could_fit(self, bound: float) -> bool:
        """Tell whether it could leave if what is on its way cost nothing."""
        return bound <= self.limit - self.spent + DUST

    def may_fit_later(self, bound: float) -> bool:
        """Tell whether it may leave once what is on its way has come."""
        return self.held > DUST and self.could_fit(bound)

    async def more(self, bound: float) -> bool:  # noqa: ARG002 - for purses that can be filled
        """Get more room if there is any to get; True where it is worth looking again."""
        return False

    def reserve(self, bound: float | None) -> Hold:
        """
        Hold the most that a request can cost.

        Raises
        ------
        OptionError
            Its highest price is unknown.
        BudgetReached
            There is no room for it.
        """
        if bound is None:
            raise no_price(self)
        if not self.fits(bound):
            raise reached(self, bound)
        self.held += bound
        return Hold(bound)

    def release(self, hold: Hold) -> None:
        """Give back what a request held that was not billed."""
        self.held -= hold.bound

    def settle(self, hold: Hold, cost: float | None) -> None:
        """Enter what a request cost; unknown is the most it could."""
        self.held -= hold.bound
        self.spent += hold.bound if cost is None else cost


Holds: TypeAlias = "list[tuple[Purse, Hold]]"


def reserve(purses: Iterable[Purse], bound: float | None) -> Holds:
    """
    Hold the most that a request can cost in each of several purses, or in none.

    Raises as `Purse.reserve` does.
    """
    holds: Holds = []
    try:
        for purse in purses:
            holds.append((purse, purse.reserve(bound)))
    except BaseException:
        for purse, hold in holds:
            purse.release(hold)
        raise
    return holds


def too_small(purses: Iterable[Purse | None], bound: float | None) -> Purse | None:
    """Give the first purse that has no room now for a request of so many USD at most."""
    for purse in purses:
        if purse is not None and (bound is None or not purse.fits(bound)):
            return purse
    return None


def reached(purse: Purse, bound: float) -> BudgetReached:
    """Say that a budget has no room for one more request."""
    held = f", {purse.held:.4g} held for what is on its way," if purse.held > DUST else ""
    return BudgetReached(
        f"The {purse.name} of USD {purse.limit:g} is reached",
        why=f"USD {purse.spent:.4g} are spent{held} and the next request may cost USD {bound:.4g}",
        hint="run it again with a larger budget: what is done is kept and costs nothing",
    )


def no_price(purse: Purse) -> OptionError:
    """Say that a budget means nothing where a price is unknown."""
    return OptionError(
        f"The {purse.name} of USD {purse.limit:g} cannot be kept",
        why="the highest price of this request is unknown: the model has no known price, or there "
        "is no max_tokens",
        hint="set max_tokens, give --price IN,OUT (USD per million tokens), or lift the budget",
    )
