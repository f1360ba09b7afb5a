"""From a row's raw answer to its outcome: the same for fresh answers and for kept ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.client.plain import read_plain
from nbnebius.errors import AnswerError, NebiusError, ResponseError
from nbnebius.journal import Bill
from nbnebius.work.map.book import Found
from nbnebius.work.structured import read

if TYPE_CHECKING:
    from nbnebius.client.plain import PlainAnswer
    from nbnebius.work.price import Price
    from nbnebius.work.schema import Schema

CUT = {"length": "cut off at max_tokens", "content_filter": "stopped by the server's filter"}
LONGEST_ERROR = 300


def outcome(body: bytes, content_type: str, schema: Schema | None, price: Price) -> Found:
    """
    Read a row's answer.

    An answer that was cut off is ``partial`` and is not bought again: the same would come. One that
    is empty or does not fit the schema is ``failed``, and is asked again when the job is run again.
    """
    try:
        answer = read_plain(body, content_type)
    except ResponseError as error:
        return Found("failed", error=error.what, again=True, answered=True)
    found = _without_schema(answer) if schema is None else _by_schema(answer, schema)
    found.answered, found.usage = True, answer.usage
    found.cost = price.of_usage(answer.usage)
    return found


def bill_of(found: Found) -> Bill:
    """Give what an answer cost; where nothing is known, budgets count its highest price."""
    usage = found.usage
    if usage is None:
        return Bill(cost=found.cost)
    return Bill(usage.prompt_tokens, usage.completion_tokens, cost=found.cost)


def one_line(error: NebiusError) -> str:
    """Give an error as one line of a column."""
    told = f"{error.what}: {error.why}" if error.why else error.what
    return " ".join(told.split())[:LONGEST_ERROR]


def _without_schema(answer: PlainAnswer) -> Found:
    cut = CUT.get(answer.finish_reason or "")
    if answer.text.strip():
        return Found("partial" if cut else "ok", answer.text, cut)
    error = "the answer is empty"
    if cut:
        error += f": {cut}"
    elif answer.reasoning:
        error += ": the model wrote reasoning only"
    return Found("failed", error=error, again=not cut)


def _by_schema(answer: PlainAnswer, schema: Schema) -> Found:
    try:
        parsed = read(
            answer.text, schema, finish_reason=answer.finish_reason, reasoning=answer.reasoning
        )
    except AnswerError as error:
        return Found("failed", error=one_line(error), again=not error.truncated)
    return Found("ok", parsed.data)
