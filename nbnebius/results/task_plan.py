"""`TaskPlan`: what a task of several steps would do, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbnebius.rendering.answer import usd
from nbnebius.rendering.table import frame_bundle
from nbnebius.work.price import PER_MILLION, Price, total

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.work.embed_outlook import EmbedOutlook

ANSWER_TOKENS = 15  # of one property of a record


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step of a task; tokens and USD are estimates.

    Attributes
    ----------
    what
        In words.
    requests, kept
        Requests or texts to send, and those that are answered already.
    tokens_in, tokens_out
        Of what is left.
    cost
        USD, or None where the price is unknown.
    """

    what: str
    model: str
    requests: int
    kept: int
    tokens_in: int
    tokens_out: int
    cost: float | None

    @classmethod
    def of_texts(cls, outlook: EmbedOutlook) -> Step:
        """Give the step that embeds texts."""
        told = (outlook.model, outlook.texts, outlook.kept, outlook.tokens, 0, outlook.cost)
        return cls("embed", *told)

    @classmethod
    def of_questions(
        cls, what: str, model: str, requests: int, tokens: float, price: Price
    ) -> Step:
        """Give a step of short questions; `tokens` is what each of them reads."""
        read, written = round(requests * tokens), requests * ANSWER_TOKENS
        cost = None
        if price.tokens_in is not None and price.tokens_out is not None:
            cost = (read * price.tokens_in + written * price.tokens_out) / PER_MILLION
        return cls(what, model, requests, 0, read, written, cost)


class TaskPlan:
    """
    What a task would do; tokens and USD are estimates.

    Attributes
    ----------
    task
        Its name.
    steps
        One after the other.
    """

    def __init__(self, task: str, steps: list[Step]) -> None:
        self.task = task
        self.steps = steps

    @property
    def cost(self) -> float | None:
        """USD of all steps; None where a price is unknown."""
        return total(step.cost for step in self.steps)

    @property
    def df(self) -> pd.DataFrame:
        """A row per step: step, model, requests, kept, tokens_in, tokens_out, cost (USD)."""
        import pandas as pd

        names = ["step", "model", "requests", "kept", "tokens_in", "tokens_out", "cost"]
        rows = [
            (s.what, s.model, s.requests, s.kept, s.tokens_in, s.tokens_out, s.cost)
            for s in self.steps
        ]
        return pd.DataFrame(rows, columns=names).astype({"cost": "float64"})

    @property
    def _line(self) -> str:
        return f"{self.task}: {usd(self.cost)} (an estimate). Nothing was sent."

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        shown = frame_bundle(self.df)
        return {
            "text/plain": f"{shown['text/plain']}\n{self._line}",
            "text/html": f"{shown['text/html']}<p>{self._line}</p>",
        }

    def __repr__(self) -> str:
        return self._repr_mimebundle_()["text/plain"]
