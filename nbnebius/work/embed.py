"""
Turn texts into vectors, buying each distinct text once.

What is kept comes from the journal, slice by slice; the rest is sent in groups, several at a time.
A group that the server refuses is halved until the text at fault stands alone, so that one bad row
costs one row; where it refuses groups for their size, later groups are smaller from the start.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from nbnebius import errors
from nbnebius.client.doubt import is_doubtful
from nbnebius.events import Observer, Progress
from nbnebius.journal import (
    Journal,
    KeptVector,
    find_vectors,
    note_reuse,
    text_key,
)
from nbnebius.work.block import BOUGHT, FAILED, KEPT, POSSIBLY_PAID, Block
from nbnebius.work.estimate import estimate_each
from nbnebius.work.filing import file_the_rest
from nbnebius.work.halt import STOPPING, Halt
from nbnebius.work.price import total

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.client import AsyncClient
    from nbnebius.types.answers import EmbeddingResult
    from nbnebius.types.usage import Usage
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price

GROUP_TEXTS = 128
GROUP_TOKENS = 30_000
SLICE = 5_000  # kept vectors that are read at a time
HOPELESS = 5  # lone texts refused before any was sold: the rest would be, too

# What no later group would be spared: the key, the money, the model, the network, the disk.
_FATAL = (
    errors.AuthenticationError,
    errors.PermissionDeniedError,
    errors.PaymentRequiredError,
    errors.NotFoundError,
    errors.RateLimitError,
    errors.ConnectError,
    errors.JournalError,
)
_TOO_MANY = re.compile(r"(?i)too many|batch|array|at most \d+ (?:input|text|item)|number of inputs")


@dataclass(slots=True)
class Embedding:
    """
    Texts on their way to vectors; what has come so far can be had at any moment.

    Attributes
    ----------
    texts
        None and blank ones are skipped.
    halt
        Asked, nothing more is sent, and what is in flight has a minute to land.
    """

    texts: Sequence[str | None]
    model: str
    dimensions: int | None
    origin: Origin
    price: Price
    halt: Halt = field(default_factory=Halt)
    _block: Block = field(init=False)
    _keys: list[bytes | None] = field(init=False)
    _missing: deque[int] = field(default_factory=deque)
    _most: int = GROUP_TEXTS
    _refused: int = 0
    _done: int = 0
    _kept: int = 0
    _over: bool = False
    cost: float | None = 0.0
    bought: bool = False
    ended_by: errors.NebiusError | None = None

    def __post_init__(self) -> None:
        service, model, dimensions = self.origin.service, self.model, self.dimensions
        self._keys = [
            text_key(service, model, dimensions, text) if text and not text.isspace() else None
            for text in self.texts
        ]
        self._block = Block(self._keys)

    async def read_kept(self, client: AsyncClient, journal: Journal) -> None:
        """Take in what is kept; what is missing is then ready to be sent."""
        if not self.origin.private:
            await file_the_rest(journal, self.origin.service, self.model, self.price)
            await self._read_kept(client, journal)
        self._missing.extend(self._block.unsent())

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return not self._missing

    def raise_if_hopeless(self) -> None:
        """Raise why nothing at all came."""
        failed = self._block.first_error or self.ended_by
        if failed and not self._done and not self.halt.asked:
            raise failed

    def result(self) -> EmbeddingResult:
        """Give what has come, in the texts' order."""
        return self._block.result(self.model, self.price.tokens_in)

    def _cost_of(self, tokens: float | None) -> float | None:
        if tokens is None or self.price.tokens_in is None:
            return None
        return tokens * self.price.tokens_in / 1_000_000

    async def _tell_kept(
        self, client: AsyncClient, journal: Journal, some: Sequence[KeptVector]
    ) -> None:
        """Enter that vectors were not bought again, and give them to a recording."""
        saved = total(self._cost_of(one.tokens) for one in some)
        service, model = self.origin.service, self.model
        await note_reuse(journal, "embedding", service, model, len(some), saved)
        if client.transport.tape is not None:
            rows = [self._block.rows[one.key] for one in some]
            told = [
                (str(self.texts[row]), one.vector, one.tokens)
                for row, one in zip(rows, some, strict=True)
            ]
            client.transport.tape.keep_vectors(self.asked, told)

    @property
    def asked(self) -> dict[str, Any]:
        """What every request of it has in common."""
        return {"model": self.model, "dimensions": self.dimensions}

    async def _read_kept(self, client: AsyncClient, journal: Journal) -> None:
        keys = list(self._block.rows)
        for start in range(0, len(keys), SLICE):
            found = await find_vectors(journal, keys[start : start + SLICE])
            rows = sorted((self._block.rows[key], key) for key in found)
            for first in range(0, len(rows), GROUP_TEXTS):
                some = rows[first : first + GROUP_TEXTS]
                self._fill_kept([found[key] for _, key in some])
                await self._tell_kept(client, journal, [found[key] for _, key in some])
        self._done = self._kept

    def _fill_kept(self, some: Sequence[KeptVector]) -> None:
        import numpy as np

        # Of one size in nearly every case; the model behind an id may have changed.
        for size in dict.fromkeys(len(one.vector) for one in some):
            same = [one for one in some if len(one.vector) == size]
            vectors = np.frombuffer(b"".join(one.vector for one in same), "<f4")
            self._kept += self._block.fill(
                [self._block.rows[one.key] for one in same],
                vectors.reshape(len(same), -1),
                [one.tokens for one in same],
                KEPT,
            )

    def texts_of(self, group: Sequence[int]) -> list[str]:
        """Give the texts of rows that are to be sent."""
        return [str(self.texts[row]) for row in group]

    def keys_of(self, group: Sequence[int]) -> list[bytes]:
        """Give the names that texts of rows have in the journal."""
        return [key for row in group if (key := self._keys[row]) is not None]

    def next_group(self) -> list[int]:
        """Take the rows to send next; none where all is sent or nothing may be sent any more."""
        if not self.may_send:
            return []
        group = list(islice(self._missing, self._most))
        room = GROUP_TOKENS
        for place, size in enumerate(estimate_each(self.texts_of(group))):
            if place and size > room:
                del group[place:]
                break
            room -= size
        for _ in group:
            self._missing.popleft()
        return group

    @property
    def may_send(self) -> bool:
        """Whether another request may leave."""
        return not (self._over or self.halt.asked)

    def give_back(self, group: Sequence[int]) -> None:
        """Take texts back that were not sent."""
        self._missing.extendleft(reversed(group))

    def sold(
        self,
        group: Sequence[int],
        vectors: NDArray[np.float32],
        shares: Sequence[float | None],
        usage: Usage | None,
    ) -> None:
        """Take in the vectors of a group."""
        self._done += self._block.fill(group, vectors, shares, BOUGHT)
        self.bought = True
        cost = self.price.of_usage(usage)
        self.cost = None if cost is None or self.cost is None else self.cost + cost

    def refused(self, group: Sequence[int], error: errors.NebiusError) -> None:
        """Note that a group was refused as it is; the size is learnt where it was the reason."""
        status = error.status if isinstance(error, errors.ApiError) else 0
        if len(group) > 1:
            if status == 413 or _TOO_MANY.search(str(error)):  # noqa: PLR2004 - too large
                self._most = max(1, min(self._most, len(group) // 2))
            return
        self._block.fail(group, error)
        self._refused += 1
        self._over = self._over or (not self._done and self._refused >= HOPELESS)

    def failed(self, group: Sequence[int], error: errors.NebiusError) -> None:
        """Note that a group failed, or that all others would, too."""
        doubt = is_doubtful(error)
        if isinstance(error, _FATAL) and not doubt:
            self.end(group, error)
            return
        self._block.fail(group, error, POSSIBLY_PAID if doubt else FAILED)
        if isinstance(error, _FATAL):
            self._stop(error)

    def end(self, group: Sequence[int], error: errors.NebiusError) -> None:
        """Note that a group was not bought, and that none after it can be."""
        self.give_back(group)
        self._stop(error)

    def cut_off(self, group: Sequence[int]) -> None:
        """Note that a group was cancelled while it was under way."""
        self._block.mark(group, POSSIBLY_PAID)

    def unkept(self, error: errors.JournalError) -> None:
        """Note that vectors could not be filed: nothing more is sent. Their answer is kept."""
        self._stop(error)

    def _stop(self, error: errors.NebiusError) -> None:
        self.ended_by, self._over = self.ended_by or error, True

    def tell(self, observer: Observer) -> None:
        """Tell how far it is."""
        state = STOPPING if self.halt.asked else ""
        total = len(self._block.rows)
        observer(Progress("texts", self._done, total, self._kept, self.cost, state=state))
