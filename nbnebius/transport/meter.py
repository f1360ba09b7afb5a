"""Telling how many bytes have gone or come, a few hundred times at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.events import Progress

if TYPE_CHECKING:
    from nbnebius.events import Observer

STEP = 2**20
"""Bytes between two tellings, at least."""

STEPS = 200


class Meter:
    """
    Counts bytes, and tells an observer.

    Parameters
    ----------
    observer
        Who is told; None for nobody.
    total
        Bytes altogether; None where that is not known, and then the total told is what has come.
    done
        Bytes that were there before.
    """

    def __init__(self, observer: Observer | None, total: int | None, done: int = 0) -> None:
        self._observer = observer
        self._total = total
        self._done = self._told = done
        self._step = max(STEP, (total or 0) // STEPS)

    def add(self, count: int) -> None:
        """Count more bytes."""
        self._done += count
        if self._done - self._told >= self._step or self._done == self._total:
            self._told = self._done
            if self._observer is not None:
                total = self._done if self._total is None else self._total
                self._observer(Progress("bytes", self._done, total))
