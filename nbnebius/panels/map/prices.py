"""What a click would buy: the words on the buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbnebius.rendering.answer import usd

if TYPE_CHECKING:
    from nbnebius.results.plan import Plan

KEPT = "all kept, USD 0"


@dataclass(frozen=True, slots=True)
class Offers:
    """The words of each button; "" where there is nothing to click on."""

    sample: str
    all: str
    left: str


def offers(
    plan: Plan | None,
    few: Plan | None,
    *,
    via: str,
    sample: int,
    left: int,
    each: float | None,
) -> Offers:
    """
    Say what can be run, and for about how much.

    Parameters
    ----------
    plan, few
        Of what is written now, of all rows and of a sample; None where there is none.
    via
        How all rows would be asked; a sample is always asked online.
    sample
        How many rows a sample has.
    left
        How many requests of the last run have no answer.
    each
        USD that one of those was expected to cost.
    """
    again = f"Run again the {left:,} left, {_about(each, left)}" if left else ""
    if plan is None:
        return Offers("", "", again)
    rows = min(sample, plan.rows)
    if few is not None and few.rows == rows:
        tried = _about(few.cost, 1) if few.to_send else KEPT
    else:
        tried = f"at most {_about(price_of_one(plan, 'online'), rows)}"
    cost, way = (plan.batch_cost, " by batch") if via == "batch" else (plan.cost, "")
    whole = _about(cost, 1) if plan.to_send else KEPT
    return Offers(f"Try {rows:,} rows, {tried}", f"Run {plan.rows:,} rows{way}, {whole}", again)


def price_of_one(plan: Plan, via: str) -> float | None:
    """Give the USD that one request of a plan is expected to cost; None is unknown."""
    cost = plan.batch_cost if via == "batch" else plan.cost
    return None if cost is None else cost / max(plan.to_send, 1)


def _about(each: float | None, requests: int) -> str:
    return usd(None) if each is None else f"about {usd(each * requests)}"


def facts(plan: Plan) -> list[str]:
    """Say what a run would do, in a few lines."""
    counts = [f"{plan.rows:,} rows"]
    counts += [
        f"{number:,} {word}"
        for number, word in (
            (plan.kept, "kept already"),
            (plan.duplicates, "duplicates"),
            (plan.skipped, "skipped: a value is missing"),
        )
        if number
    ]
    counts += [f"{plan.to_send:,} requests to send to {plan.model}"]
    lines = [" · ".join(counts)]
    if plan.to_send:
        source = f"measured on {plan.measured:,} calls" if plan.measured else "by a general rule"
        online, batch = _about(plan.cost, 1), _about(plan.batch_cost, 1)
        lines += [
            f"{online} online · {batch} by batch · at most {usd(plan.bound)}",
            f"about {plan.tokens_in:,} tokens in, {plan.tokens_out:,} out; estimates, {source}",
        ]
    if plan.possibly_paid_requests:
        lines.append(
            f"{plan.possibly_paid_requests:,} were sent before and have no kept answer: possibly "
            f"paid, at most {usd(plan.possibly_paid)}"
        )
    return lines
