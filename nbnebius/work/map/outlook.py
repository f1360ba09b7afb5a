"""
What a job will take, before anything is sent: always an estimate, and said so.

Tokens come from characters, by a ratio measured on the model's own calls in the journal, or, where
there are none yet, by a general one. The length of answers comes from there too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from nbnebius.journal import history
from nbnebius.work.estimate import estimate_tokens
from nbnebius.work.price import BATCH_RATE, PER_MILLION

if TYPE_CHECKING:
    from nbnebius.journal import Journal
    from nbnebius.work.map.job import RowsJob
    from nbnebius.work.schema import Schema

LOOKED_AT = 200  # rows whose texts are looked at
ANSWER_TOKENS = 200.0  # of an answer in words
FIELD_TOKENS = 15.0  # of one property of a record


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    What is left of a job, and what it is expected to take.

    Attributes
    ----------
    requests
        How many requests are left to send.
    characters_per_token
        Of what is sent.
    answer_tokens
        Of one answer.
    measured
        From how many earlier calls of the model both come; 0: a general rule.
    tokens_in, tokens_out
        Of all that is left.
    cost, batch_cost
        USD, one by one and as a batch; None where a price is unknown.
    bound
        USD: the most it can cost as far as the server honours ``max_tokens``; None is unknown.
    """

    requests: int
    characters_per_token: float
    answer_tokens: float
    measured: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    batch_cost: float | None
    bound: float | None

    def without(self, requests: int) -> Outlook:
        """Leave some of the requests out, as if they were like all the others."""
        share = 1 - requests / max(self.requests, 1)

        def part(amount: float | None) -> float | None:
            return None if amount is None else amount * share

        return replace(
            self,
            requests=self.requests - requests,
            tokens_in=round(self.tokens_in * share),
            tokens_out=round(self.tokens_out * share),
            cost=part(self.cost),
            batch_cost=part(self.batch_cost),
            bound=part(self.bound),
        )


async def look_ahead(job: RowsJob, journal: Journal) -> Outlook:
    """Estimate what is left of a job."""
    import numpy as np

    form = job.form
    past = await history(journal, form.service, form.model, "chat")
    ratio = past.characters_per_token or _ratio(job)
    longest = form.max_tokens
    expected = past.completion_tokens or _answer_tokens(job.schema)
    answer_tokens = min(expected, longest) if longest else expected
    is_open = np.frombuffer(bytes(job.book.status), dtype=np.uint8) == 0
    requests = int(is_open.sum())
    characters = int(job.survey.characters[is_open].sum())
    tokens_in, tokens_out = round(characters / ratio), round(requests * answer_tokens)
    price = form.price
    cost = None
    if price.tokens_in is not None and price.tokens_out is not None:
        cost = (tokens_in * price.tokens_in + tokens_out * price.tokens_out) / PER_MILLION
        cost += requests * (price.request or 0.0)
    empty = form.bound("")
    bound = None
    if empty is not None:
        # Four bytes are the most that one character takes.
        bound = requests * empty + 4 * characters * (price.tokens_in or 0.0) / PER_MILLION
    return Outlook(
        requests=requests,
        characters_per_token=ratio,
        answer_tokens=answer_tokens,
        measured=past.calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost,
        batch_cost=None if cost is None else cost * BATCH_RATE,
        bound=bound,
    )


def prompts(job: RowsJob, count: int) -> list[str]:
    """Write the first different prompts of a job."""
    return [job.text(values) for _, values in islice(job.asking_rows(), count)]


def _ratio(job: RowsJob) -> float:
    texts = prompts(job, LOOKED_AT)
    tokens = sum(estimate_tokens(text) for text in texts)
    return max(sum(map(len, texts)) / tokens, 0.5) if tokens else 4.0


def _answer_tokens(schema: Schema | None) -> float:
    if schema is None:
        return ANSWER_TOKENS
    return FIELD_TOKENS * max(1, len(schema.json.get("properties", {})))
