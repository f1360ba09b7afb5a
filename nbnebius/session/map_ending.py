"""How the work of a job ends: with what ended it, and never without its frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.errors import NebiusError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from nbnebius.work.map.job import RowsJob


async def until_over(work: Awaitable[None], rows: RowsJob) -> None:
    """
    Wait for a job's work; `RowsJob.ended_by` says what ended it.

    Of several errors that come together the first counts; one that is none of this package's is
    raised as it is.
    """
    try:
        await work
    except Exception as error:  # noqa: BLE001 - sorted here
        first = first_of(error)
        if not isinstance(first, NebiusError):
            raise first from first.__cause__
        rows.ended_by = rows.ended_by or first


def first_of(error: Exception) -> Exception:
    """Give the first error of several that came together, else the error itself."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
