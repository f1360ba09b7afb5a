"""What a piece of work gives back: plain records, before anything is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbnebius.types.record import Record, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.types.chat import ChatCompletion
    from nbnebius.types.usage import Usage


class ChatResult(Record, frozen=True):
    """
    An answer to a chat, whole or in part.

    Attributes
    ----------
    text, reasoning
        The first choice's text and, apart from it, the model's reasoning.
    cost
        USD paid now, None where the price is unknown; 0 where the answer was kept.
    answer_cost
        USD paid for the answer, now or when it was bought.
    seconds, first_token_seconds
        How long it took, and how long until the first piece came.
    kept_at
        When a kept answer was bought (seconds since 1970, UTC), else None.
    partial
        The answer broke off or was stopped.
    request
        The body that was asked, as sent.
    """

    completion: ChatCompletion
    text: str
    reasoning: str | None
    model: str
    cost: float | None
    seconds: float | None
    first_token_seconds: float | None = None
    answer_cost: float | None = None
    kept_at: float | None = None
    partial: bool = False
    record: int | None = None
    request: Mapping[str, Any] = field(default_factory=dict)

    @property
    def usage(self) -> Usage | None:
        """Tokens, as the server counted them."""
        return self.completion.usage


class EmbeddingResult(Record, frozen=True, eq=False):
    """
    Vectors for texts, in their order.

    Attributes
    ----------
    vectors
        (n, d) float32, one block; the rows of texts that are not ok are NaN.
    status
        ok, skipped (nothing to embed), unsent (it was stopped before), failed or possibly_paid
        (sent, and no answer came), per text.
    cached
        Whether the vector was kept already, per text.
    tokens, cost
        Per text; USD; NaN where unknown. A request's tokens are shared out among its texts by
        their length.
    """

    vectors: NDArray[np.float32]
    status: Sequence[Literal["ok", "skipped", "unsent", "failed", "possibly_paid"]]
    errors: Sequence[str | None]
    cached: NDArray[np.bool_]
    tokens: NDArray[np.float64]
    cost: NDArray[np.float64]
    model: str
    dimensions: int


class PictureResult(Record, frozen=True):
    """
    One picture: its bytes, the seed it was drawn from, and its price in USD or None.

    `cost` is what was paid now (0 where it was kept), `answer_cost` what the picture cost.
    """

    data: bytes
    seed: int
    prompt: str
    model: str
    cost: float | None
    answer_cost: float | None
    seconds: float | None
    kept_at: float | None
    request: Mapping[str, Any]
