"""Vectors as they gather in one block of memory, a row per text, and what is known of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from nbnebius.errors import NebiusError, ResponseError
from nbnebius.types.answers import EmbeddingResult
from nbnebius.work.price import PER_MILLION

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Status: TypeAlias = Literal["ok", "skipped", "unsent", "failed", "possibly_paid"]

UNSENT, SKIPPED, KEPT, BOUGHT, FAILED, POSSIBLY_PAID = range(6)
WORDS: tuple[Status, ...] = ("unsent", "skipped", "ok", "ok", "failed", "possibly_paid")


class Block:
    """
    One (n, d) float32 block that is filled as vectors come; d is known with the first of them.

    Parameters
    ----------
    keys
        A name for each text, None where there is nothing to embed. Equal names are filled once.
    """

    def __init__(self, keys: Sequence[bytes | None]) -> None:
        import numpy as np

        self.rows: dict[bytes, int] = {}
        self._again: list[tuple[int, int]] = []
        self._state = np.full(len(keys), UNSENT, np.uint8)
        self._tokens = np.full(len(keys), np.nan)
        self._errors: dict[int, NebiusError] = {}
        self._vectors: NDArray[np.float32] | None = None
        for row, key in enumerate(keys):
            if key is None:
                self._state[row] = SKIPPED
            elif (first := self.rows.setdefault(key, row)) != row:
                self._again.append((row, first))

    @property
    def width(self) -> int:
        """The dimensions, 0 before any vector came."""
        return 0 if self._vectors is None else self._vectors.shape[1]

    @property
    def first_error(self) -> NebiusError | None:
        """The error of the first row that failed in time."""
        return next(iter(self._errors.values()), None)

    def unsent(self) -> list[int]:
        """Give the rows that have no vector yet, each different text once."""
        states = self._state.tolist()
        return [row for row in self.rows.values() if states[row] == UNSENT]

    def fill(
        self,
        rows: Sequence[int],
        vectors: NDArray[np.float32],
        tokens: Sequence[float | None],
        state: int,
    ) -> int:
        """
        Copy vectors of one size into their rows; another size than the block's fails them.

        Kept ones of another size are as good as none: they are bought anew. Returns how many rows
        were filled.
        """
        import numpy as np

        size = vectors.shape[1]
        if self._vectors is None:
            # Pages of the block are taken from the system only as rows are written.
            self._vectors = np.empty((len(self._state), size), np.float32)
        if size != self.width and state == KEPT:
            return 0
        if size != self.width:
            self.fail(
                rows,
                ResponseError(
                    f"its vector has {size} dimensions, the others {self.width}",
                    hint="embed all texts with one model and one --dimensions",
                ),
            )
            return 0
        # Neighbours, which they are nearly always, are written in one piece.
        first, last = rows[0], rows[-1]
        together = last - first + 1 == len(rows) and list(rows) == list(range(first, last + 1))
        places = slice(first, last + 1) if together else np.asarray(rows)
        self._vectors[places] = vectors
        self._tokens[places] = np.array(tokens, np.float64)  # None becomes NaN
        self._state[places] = state
        return len(rows)

    def fail(self, rows: Sequence[int], error: NebiusError, state: int = FAILED) -> None:
        """Note why rows have no vector."""
        for row in rows:
            self._state[row] = state
            self._errors[row] = error

    def mark(self, rows: Sequence[int], state: int) -> None:
        """Note a state of rows."""
        self._state[rows] = state

    def result(self, model: str, each: float | None) -> EmbeddingResult:
        """
        Give what has gathered, in the texts' order; equal texts are filled from the first.

        `each` is the USD of a million tokens. What was kept, and a text that stands again, costs
        nothing now.
        """
        import numpy as np

        for row, first in self._again:
            self._state[row] = self._state[first]
            self._tokens[row] = self._tokens[first]
            if first in self._errors:
                self._errors[row] = self._errors[first]
        vectors = self._vectors
        if vectors is None:
            vectors = np.empty((len(self._state), 0), np.float32)
        have = (self._state == KEPT) | (self._state == BOUGHT)
        for row, first in self._again:
            vectors[row] = vectors[first]
        vectors[~have] = np.nan
        paid = self._state == BOUGHT
        paid[[row for row, _ in self._again]] = False
        tokens = np.where(have, self._tokens, np.nan)
        spent = np.where(paid, tokens * (np.nan if each is None else each) / PER_MILLION, 0.0)
        errors: list[str | None] = [None] * len(self._state)
        for row, error in self._errors.items():
            errors[row] = error.what
        return EmbeddingResult(
            vectors=vectors,
            status=[WORDS[state] for state in self._state.tolist()],
            errors=errors,
            cached=self._state == KEPT,
            tokens=tokens,
            cost=np.where(have, spent, np.nan),
            model=model,
            dimensions=vectors.shape[1],
        )
