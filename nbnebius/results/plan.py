"""`Plan`: what a job over a frame's rows would do, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.rendering.answer import usd
from nbnebius.rendering.safe import escape, plain
from nbnebius.work.map.outlook import prompts

if TYPE_CHECKING:
    from nbnebius.work.map.job import RowsJob
    from nbnebius.work.map.outlook import Outlook

SHOWN_PROMPTS = 3
SHOWN_CHARACTERS = 600


class Plan:
    """
    What `map` would do; tokens and USD are estimates.

    Attributes
    ----------
    rows, requests, duplicates, skipped
        The frame's rows, the different requests they make, rows that ask what an earlier one asks,
        and rows with a missing value.
    kept, to_send
        Requests that are answered already, and those left.
    tokens_in, tokens_out
        Of what is left.
    cost, batch_cost, bound
        USD: one by one, as a batch, and at most; None where a price is unknown.
    measured
        How many earlier calls the estimate comes from.
    possibly_paid
        USD: at most what earlier runs sent without an answer being kept.
    model
        Whom it would ask.
    prompts
        The first three prompts, as sent.
    """

    def __init__(self, rows: RowsJob, outlook: Outlook, *, whole: int) -> None:
        self.rows = rows.source.count
        self.whole = whole
        self.requests = rows.survey.requests
        self.duplicates = rows.survey.duplicates
        self.skipped = rows.survey.skipped
        self.kept = rows.book.counts.kept
        self.to_send = outlook.requests
        self.tokens_in, self.tokens_out = outlook.tokens_in, outlook.tokens_out
        self.cost, self.batch_cost, self.bound = outlook.cost, outlook.batch_cost, outlook.bound
        self.measured = outlook.measured
        self.possibly_paid = rows.doubt.cost
        self.possibly_paid_requests = rows.doubt.requests
        self.model = rows.form.model
        self.max_tokens = rows.form.max_tokens
        self.prompts = prompts(rows, SHOWN_PROMPTS)

    def _facts(self) -> list[tuple[str, str]]:
        source = (
            f"measured on {self.measured:,} earlier calls" if self.measured else "a general rule"
        )
        facts = [
            ("model", self.model),
            ("rows", f"{self.rows:,}" + (f" of {self.whole:,}" if self.rows < self.whole else "")),
            ("kept already", f"{self.kept:,}"),
            ("duplicates", f"{self.duplicates:,}"),
            ("skipped (missing values)", f"{self.skipped:,}"),
            ("requests to send", f"{self.to_send:,}"),
            (
                "tokens (an estimate)",
                f"{self.tokens_in:,} in, {self.tokens_out:,} out; {source}",
            ),
            ("online (an estimate)", usd(self.cost)),
            ("as a batch (an estimate)", usd(self.batch_cost)),
            ("at most", usd(self.bound)),
        ]
        if self.rows < self.whole and self.cost is not None and self.to_send:
            each = self.cost / self.to_send
            facts.append(("all rows (an estimate)", f"at most {usd(each * self.whole)}"))
        if self.possibly_paid_requests:
            facts.append(
                (
                    "possibly paid before",
                    f"{self.possibly_paid_requests:,}: at most {usd(self.possibly_paid)}",
                )
            )
        return facts

    def _shown(self) -> list[str]:
        return [
            text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
            for text in self.prompts
        ]

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self._facts())
        lines = [f"{name:<{width}}  {plain(value)}" for name, value in self._facts()]
        for number, text in enumerate(self._shown(), 1):
            lines += ["", f"prompt {number}:", plain(text)]
        return "\n".join([*lines, "", "Nothing was sent."])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in self._facts()
        )
        shown = "".join(
            f'<pre style="white-space:pre-wrap;border-left:3px solid #8888;padding-left:.6em">'
            f"{escape(text)}</pre>"
            for text in self._shown()
        )
        return f"<table>{rows}</table>{shown}<p>Nothing was sent.</p>"
