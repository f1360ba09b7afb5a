"""A run's bills: written while it goes on, and none of them fails unheard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from nbnebius.errors import JournalError, NebiusError
from nbnebius.work.map.answers import bill_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.journal import Journal
    from nbnebius.work.map.book import Found


class Bills:
    """
    What the answers of one run cost, on its way into the journal.

    Parameters
    ----------
    journal
        Where it is written.
    stop
        Is told the first error, as soon as it is known.
    """

    def __init__(self, journal: Journal, stop: Callable[[NebiusError], None]) -> None:
        self._journal = journal
        self._stop = stop
        self._last: asyncio.Future[None] | None = None

    def enter(self, record: int, found: Found) -> None:
        """Queue what an answer cost."""
        try:
            self._last = self._journal.bill(record, bill_of(found))
        except NebiusError as error:  # it was closed meanwhile; the answer is kept
            self._stop(error)
            return
        self._last.add_done_callback(self._written)

    async def written(self) -> None:
        """Wait until all are written, or have failed."""
        if self._last is not None:  # they are written in their order
            await asyncio.wait({self._last})

    def _written(self, bill: asyncio.Future[None]) -> None:
        error = None if bill.cancelled() else bill.exception()
        if isinstance(error, NebiusError):
            self._stop(error)
        elif error is not None:
            unwritten = JournalError("What an answer cost could not be written", why=str(error))
            unwritten.__cause__ = error
            self._stop(unwritten)
