"""A purse that is filled from the budget that all partitions of a job share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from nbnebius.journal import Purse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

DUST = 1e-12  # USD: what sums of floats may be off by
AGAIN = 0.2  # seconds between two questions whether others have given something back


class LentPurse(Purse):
    """
    What one partition was lent; `limit` grows with every loan.

    Parameters
    ----------
    lend
        Asks for a loan: takes ``least``, ``wanted``, ``spent`` and ``returned`` in USD, gives
        ``lent`` and ``more`` (see `Allowance.lend`).
    at_once
        How many requests a loan should do for.
    """

    def __init__(self, lend: Callable[..., Awaitable[Mapping[str, Any]]], at_once: int) -> None:
        super().__init__(0.0, name="budget that the partitions share")
        self._lend = lend
        self._at_once = at_once
        self._asking = anyio.Lock()
        self._is_over = False

    def could_fit(self, bound: float) -> bool:
        """Tell whether it may leave once something has come back, here or elsewhere."""
        return not self._is_over and (self.held > DUST or super().could_fit(bound))

    async def more(self, bound: float) -> bool:
        """Ask for a loan; True where it is worth looking again."""
        async with self._asking:
            if self._is_over or self.fits(bound):
                return not self._is_over
            # What is in flight here may leave something; else nothing is worth holding back.
            returned = 0.0 if self.held > DUST else max(0.0, self.left)
            self.limit -= returned
            told = await self._lend(
                least=bound - max(0.0, self.left),
                wanted=bound * self._at_once,
                spent=self.spent,
                returned=returned,
            )
            self.limit += told["lent"]
            if told["lent"] > 0:
                return True
            if not told["more"] and self.held <= DUST:
                self._is_over = True
                return False
            await anyio.sleep(AGAIN)
            return True
