"""What an embedding will take, before anything is sent: always an estimate, and said so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbnebius.journal import Journal, known_vectors, text_key
from nbnebius.work.estimate import estimate_each
from nbnebius.work.filing import file_the_rest
from nbnebius.work.price import PER_MILLION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price

EACH = 8  # tokens that a bound adds for each text


@dataclass(frozen=True, slots=True)
class EmbedOutlook:
    """
    What is left of an embedding, and what it is expected to take.

    Attributes
    ----------
    rows
        Texts that were given, blank ones included.
    texts
        Different texts that are left to send.
    kept
        Different texts whose vectors are there already.
    tokens
        Of what is left.
    cost, bound
        USD: expected, and at most; None where the price is unknown.
    """

    model: str
    rows: int
    texts: int
    kept: int
    tokens: int
    cost: float | None
    bound: float | None


async def look_ahead_at_texts(
    texts: Sequence[str | None],
    model: str,
    dimensions: int | None,
    origin: Origin,
    price: Price,
    journal: Journal,
) -> EmbedOutlook:
    """Estimate what is left of an embedding; nothing is sent."""
    wanted = {
        text_key(origin.service, model, dimensions, text): text
        for text in texts
        if text and text.strip()
    }
    known: set[bytes] = set()
    if not origin.private:
        await file_the_rest(journal, origin.service, model, price)
        known = await known_vectors(journal, list(wanted))
    left = [text for key, text in wanted.items() if key not in known]
    tokens = sum(estimate_each(left))
    most = sum(len(text.encode("utf-8", "replace")) + EACH for text in left)
    each = price.tokens_in
    return EmbedOutlook(
        model=model,
        rows=len(texts),
        texts=len(left),
        kept=len(known),
        tokens=tokens,
        cost=None if each is None else tokens * each / PER_MILLION,
        bound=None if each is None else most * each / PER_MILLION,
    )
