"""Answers in a given shape: what to send for one, and how to read what comes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nbnebius.errors import AnswerError, OptionError
from nbnebius.work.json_text import Found, find_json
from nbnebius.work.schema_check import MOST_PROBLEMS, check
from nbnebius.work.schema_mend import mend
from nbnebius.work.schema_values import key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.work.schema import Schema

LONGEST_PROBLEM = 200
SHOWN_PROBLEMS = 3
# JSON at the beginning, where it is the answer; after other words it may be a draft of one.
_FIRST = re.compile(r"\s*(```\w*\s*)?[\[{]")
FOLLOWS = "ask again with --fresh, or ask a model that follows schemas"


@dataclass(frozen=True, slots=True)
class Parsed:
    """
    An answer that fits.

    Attributes
    ----------
    value
        What the user asked for: an instance, a list of them, or plain data.
    data
        The JSON data, as checked; `Schema.rows` makes a frame's rows of it.
    notes
        What had to be put right, a line each.
    """

    value: Any
    data: Any
    notes: list[str] = field(default_factory=list)


def request_fields(schema: Schema, how: str = "json_schema") -> dict[str, Any]:
    """
    Give the fields of a chat request that ask for an answer in this shape.

    Parameters
    ----------
    schema
        The shape.
    how
        ``json_schema``, or ``guided_json`` for servers that know vLLM's field only.

    Raises
    ------
    OptionError
        No such way.
    """
    if how == "json_schema":
        told = {"name": schema.name, "schema": schema.json, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": told}}
    if how == "guided_json":
        return {"guided_json": schema.json, "response_format": {"type": "json_object"}}
    raise OptionError(
        f"There is no way {how!r} to ask for a schema", why="there are json_schema and guided_json"
    )


def instruction(schema: Schema) -> str:
    """Say in words what shape is asked for, for models that are not held to it by the server."""
    told = json.dumps(schema.json, ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON value that fits this JSON schema, and with nothing else:\n{told}"


def repair_message(problems: Sequence[str]) -> str:
    """Tell a model what was wrong with its answer, for one more try."""
    told = "\n".join(f"- {' '.join(problem.split())}" for problem in problems[:MOST_PROBLEMS])
    return (
        f"Your answer does not fit the JSON schema:\n{told}\n"
        "Answer again with the whole JSON value, corrected, and with nothing else."
    )


def read(
    text: str | None,
    schema: Schema,
    *,
    finish_reason: str | None = None,
    reasoning: str | None = None,
) -> Parsed:
    """
    Read an answer.

    Code fences and sentences around the JSON are left out; where there is no text at all, the JSON
    is looked for in the reasoning, where some models put it. Small mistakes are put right where
    nothing is lost by it, and told in the notes.

    Parameters
    ----------
    text, reasoning
        The answer's text and its reasoning.
    schema
        What it has to fit.
    finish_reason
        As the server gave it; ``length`` means that the answer was cut off.

    Raises
    ------
    AnswerError
        It was cut off, is not JSON, or does not fit.
    """
    text, reasoning = text or "", reasoning or ""
    cut = finish_reason == "length"
    notes: list[str] = []
    if not text.strip() and reasoning.strip() and not cut:
        found, last = find_json(reasoning), True
        notes.append("the answer was in the reasoning")
    else:
        found, last = find_json(text), False
    if not found.values:
        raise _cut_off(text) if cut else _not_json(text, found, finish_reason, reasoning)
    fitting, problems = _fitting(found, schema)
    chosen = _choose(fitting, found, schema, last=last, cut=cut)
    if cut and not found.whole and (chosen is None or not _FIRST.match(text)):
        raise _cut_off(text)
    if chosen is None:
        raise _unfit(text or reasoning, problems, len(fitting))
    data, mended = chosen
    if not found.whole and not last:
        notes.append("the text around the JSON was left out")
    notes += mended
    try:
        value = schema.build(data)
    except Exception as error:  # noqa: BLE001 - a model's or a dataclass's own checks may raise anything
        raise _unfit(text or reasoning, _told_by(error), 0) from None
    return Parsed(value, data, notes)


class _Fit(NamedTuple):
    """A value as it stands in the text, mended, and what was mended."""

    value: Any
    data: Any
    notes: list[str]


def _fitting(found: Found, schema: Schema) -> tuple[list[_Fit], list[str]]:
    """Give the values that fit, and the fewest problems of one that does not."""
    fitting: list[_Fit] = []
    fewest: list[str] = []
    for value in found.values:
        data, notes = mend(value, schema.json)
        problems = check(data, schema.json)
        if not problems:
            fitting.append(_Fit(value, data, notes))
        elif not fewest or len(problems) <= len(fewest):
            fewest = problems
    return fitting, fewest


def _choose(
    fitting: list[_Fit], found: Found, schema: Schema, *, last: bool, cut: bool
) -> tuple[Any, list[str]] | None:
    """Take the one that fits; of several the last of a reasoning, or all where many are asked."""
    if not fitting:
        return None
    if schema.key == "items" and any(_is_single(fit.value) for fit in fitting):
        # One object per line, say: all of them have to be there, and to fit.
        objects = [value for value in found.values if isinstance(value, dict)]
        if cut or found.open or len(fitting) < len(objects):
            return None
        if len(fitting) > 1 and not last:
            if not all(_is_single(fit.value) for fit in fitting):
                return None
            items = [item for fit in fitting for item in fit.data["items"]]
            return {"items": items}, [f"{len(items)} objects read as one list of items"]
    different = {key_of(fit.data) for fit in fitting}
    return fitting[-1][1:] if last or len(different) == 1 else None


def _is_single(value: Any) -> bool:
    return isinstance(value, dict) and "items" not in value


def _told_by(error: Exception) -> list[str]:
    """Tell what a type's own checks found, as paths and problems."""
    for one in (error, error.__cause__):
        errors = getattr(one, "errors", None)
        if callable(errors):
            return [_problem(entry) for entry in errors()]
    what, _, path = str(error).partition(" - at `$")
    where = path.rstrip("`").lstrip(".") or "answer"
    return [f"{where}: {' '.join(what.split()) or type(error).__name__}"]


def _problem(entry: dict[str, Any]) -> str:
    path = ".".join(str(step) for step in entry.get("loc", ())) or "answer"
    return f"{path}: {entry.get('msg', 'does not fit')}"


def _cut_off(text: str) -> AnswerError:
    if not text.strip():
        why = "the model used all its tokens on reasoning, and none were left for the answer"
    else:
        why = f"max_tokens was reached after {len(text):,} characters, at {_end(text)}"
    return AnswerError(
        "The answer was cut off before its JSON was complete",
        why=why,
        hint="raise --max-tokens, or ask for less",
        text=text,
        problems=["answer: was cut off before the JSON was complete"],
        truncated=True,
    )


def _not_json(text: str, found: Found, finish_reason: str | None, reasoning: str) -> AnswerError:
    if finish_reason == "content_filter":
        return AnswerError(
            "The answer was stopped by the server's filter",
            why=f"it begins {_start(text)}" if text.strip() else "nothing of it came",
            hint="ask in other words, or ask another model",
            text=text,
            problems=["answer: was stopped by a filter"],
        )
    if not text.strip() and not reasoning.strip():
        return AnswerError(
            "The answer is empty, where JSON was asked for",
            why=f"the model stopped with finish_reason {finish_reason}" if finish_reason else "",
            hint=FOLLOWS,
            problems=["answer: is empty"],
        )
    begins = text or reasoning
    return AnswerError(
        "The answer is not JSON",
        why=f"{found.problem}; it begins {_start(begins)}",
        hint=FOLLOWS,
        text=begins,
        problems=[f"answer: is not JSON: {found.problem}"],
    )


def _unfit(text: str, problems: list[str], several: int) -> AnswerError:
    if several > 1 and not problems:
        problems = [f"answer: holds {several} different JSON values that fit, where one is asked"]
    problems = problems or ["answer: ends before its JSON is complete"]
    more = len(problems) - SHOWN_PROBLEMS
    told = "; ".join(_line(problem) for problem in problems[:SHOWN_PROBLEMS])
    return AnswerError(
        "The answer is JSON and does not fit the schema",
        why=told + (f"; and {more} more" if more > 0 else ""),
        hint="ask again with --fresh, or let the schema allow more",
        text=text,
        problems=problems,
    )


def _line(problem: str) -> str:
    return " ".join(problem.split())[:LONGEST_PROBLEM]


def _start(text: str) -> str:
    folded = " ".join(text[:400].split())
    return repr(folded if len(folded) <= 60 else folded[:59] + "…")  # noqa: PLR2004 - of a line


def _end(text: str) -> str:
    return repr("…" + " ".join(text[-400:].split())[-40:])
