"""Money that a whole batch holds before it is created, in every purse that it counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.journal import Hold, no_price, reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.errors import NebiusError
    from nbnebius.journal import Purse


class Pledge:
    """
    The part of some purses that a batch holds.

    Parameters
    ----------
    purses
        The job's and the session's, where they have one.

    Attributes
    ----------
    purses
        As they were given.
    amount
        USD that are held in each; None where a row's highest price is unknown.
    """

    def __init__(self, purses: Sequence[Purse]) -> None:
        self.amount: float | None = 0.0
        self.purses = purses

    def refusal(self, bound: float | None) -> NebiusError | None:
        """Say why one more row cannot be paid; None where it can."""
        for purse in self.purses:
            if bound is None:
                return no_price(purse)
            if not purse.fits(bound):
                return reached(purse, bound)
        return None

    def take(self, bound: float | None) -> None:
        """Hold what a row can cost at most."""
        self._change(bound, 1)

    def give_back(self, bound: float | None) -> None:
        """Let go of what a row held."""
        self._change(bound, -1)

    def end(self) -> None:
        """Let go of everything."""
        if self.amount:
            self.give_back(self.amount)

    def _change(self, bound: float | None, sign: int) -> None:
        if bound is None or self.amount is None:
            self.amount = None
            return
        self.amount += sign * bound
        for purse in self.purses:
            purse.held += sign * bound


def settle(purse: Purse, held: float | None, cost: float | None) -> None:
    """Enter what a batch cost into a purse, where it held so much, or nothing."""
    if held is not None:
        purse.settle(Hold(held), cost)
    else:
        purse.spent += cost or 0.0
