"""Checks of body fields, with the types and sentences of pydantic."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nbnebius.sandbox.wire.failures import Problem

Kind = Literal["string", "integer", "number", "boolean", "array", "object", "any"]
Location = tuple[str | int, ...]

_INTEGER = re.compile(r"\s*[-+]?\d+(\.0*)?\s*")
_CONTAINERS: dict[Kind, type] = {"string": str, "array": list, "object": dict}
_CONTAINER_WORDS: dict[Kind, tuple[str, str]] = {
    "string": ("string", "string"),
    "array": ("list", "list"),
    "object": ("dict", "dictionary"),
}
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body: its kind and its bounds. Fields may be null unless required."""

    kind: Kind
    required: bool = False
    ge: float | None = None
    le: float | None = None
    shortest: int | None = None
    longest: int | None = None
    choices: tuple[str, ...] = ()


def problem(
    type: str, loc: Location, msg: str, input: object, ctx: Mapping[str, object] | None = None
) -> Problem:
    """Write one entry of a 422 answer."""
    entry: Problem = {"type": type, "loc": list(loc), "msg": msg, "input": input}
    if ctx:
        entry["ctx"] = dict(ctx)
    return entry


def missing(loc: Location, input: object) -> Problem:
    """Tell that a required field is not there."""
    return problem("missing", loc, "Field required", input)


def not_one_of(loc: Location, input: object, choices: tuple[str, ...]) -> Problem:
    """Tell which words are allowed."""
    quoted = [f"'{choice}'" for choice in choices]
    expected = " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
    return problem(
        "literal_error", loc, f"Input should be {expected}", input, {"expected": expected}
    )


def check_fields(
    body: Mapping[str, object], fields: Mapping[str, Field], loc: Location = ("body",)
) -> tuple[dict[str, object], list[Problem]]:
    """
    Check the known fields of a body and leave the unknown ones alone.

    Returns
    -------
    tuple
        The body with its known fields brought to their kinds, and what is wrong.
    """
    clean = dict(body)
    problems: list[Problem] = []
    for name, field in fields.items():
        here = (*loc, name)
        if name not in body:
            if field.required:
                problems.append(missing(here, dict(body)))
            continue
        if body[name] is None and not field.required:
            continue
        value, found = check_value(body[name], field, here)
        clean[name] = value
        problems.extend(found)
    return clean, problems


def check_value(value: object, field: Field, loc: Location) -> tuple[object, list[Problem]]:
    """Bring one value to its field's kind, or tell why that cannot be done."""
    typed, wrong = _typed(value, field.kind, loc)
    if wrong is None and field.choices and typed not in field.choices:
        wrong = not_one_of(loc, value, field.choices)
    if wrong is None and isinstance(typed, int | float):
        wrong = _out_of_bounds(typed, field, loc)
    if wrong is None and isinstance(typed, str | list):
        wrong = _wrong_length(typed, field, loc)
    return (typed, []) if wrong is None else (value, [wrong])


def _typed(value: object, kind: Kind, loc: Location) -> tuple[object, Problem | None]:
    if kind == "any":
        return value, None
    if kind == "integer":
        return _integer(value, loc)
    if kind == "number":
        return _number(value, loc)
    if kind == "boolean":
        return _boolean(value, loc)
    if isinstance(value, _CONTAINERS[kind]):
        return value, None
    short, word = _CONTAINER_WORDS[kind]
    return value, problem(f"{short}_type", loc, f"Input should be a valid {word}", value)


def _integer(value: object, loc: Location) -> tuple[object, Problem | None]:
    sentence = "Input should be a valid integer"
    if isinstance(value, bool):
        return int(value), None
    if isinstance(value, int):
        return value, None
    if isinstance(value, float):
        if value.is_integer():
            return int(value), None
        reason = f"{sentence}, got a number with a fractional part"
        return value, problem("int_from_float", loc, reason, value)
    if isinstance(value, str):
        if _INTEGER.fullmatch(value) and len(value) < 100:  # noqa: PLR2004 - no endless digits
            return int(value.strip().split(".")[0]), None
        reason = f"{sentence}, unable to parse string as an integer"
        return value, problem("int_parsing", loc, reason, value)
    return value, problem("int_type", loc, sentence, value)


def _number(value: object, loc: Location) -> tuple[object, Problem | None]:
    sentence = "Input should be a valid number"
    if isinstance(value, bool | int | float):
        return float(value), None
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number, None
        reason = f"{sentence}, unable to parse string as a number"
        return value, problem("float_parsing", loc, reason, value)
    return value, problem("float_type", loc, sentence, value)


def _boolean(value: object, loc: Location) -> tuple[object, Problem | None]:
    if isinstance(value, bool):
        return value, None
    word = str(value).lower() if isinstance(value, str | int) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE, None
    if isinstance(value, str | int | float):
        reason = "Input should be a valid boolean, unable to interpret input"
        return value, problem("bool_parsing", loc, reason, value)
    return value, problem("bool_type", loc, "Input should be a valid boolean", value)


def _out_of_bounds(value: float, field: Field, loc: Location) -> Problem | None:
    if field.ge is not None and value < field.ge:
        msg = f"Input should be greater than or equal to {field.ge:g}"
        return problem("greater_than_equal", loc, msg, value, {"ge": field.ge})
    if field.le is not None and value > field.le:
        msg = f"Input should be less than or equal to {field.le:g}"
        return problem("less_than_equal", loc, msg, value, {"le": field.le})
    return None


def _wrong_length(value: str | list[object], field: Field, loc: Location) -> Problem | None:
    size, text = len(value), isinstance(value, str)
    if field.shortest is not None and size < field.shortest:
        return _length_problem(value, loc, "least", field.shortest, text=text)
    if field.longest is not None and size > field.longest:
        return _length_problem(value, loc, "most", field.longest, text=text)
    return None


def _length_problem(
    value: str | list[object], loc: Location, bound: str, limit: int, *, text: bool
) -> Problem:
    key, tail = ("min_length", "short") if bound == "least" else ("max_length", "long")
    plural = "" if limit == 1 else "s"
    if text:
        msg = f"String should have at {bound} {limit} character{plural}"
        return problem(f"string_too_{tail}", loc, msg, value, {key: limit})
    msg = f"List should have at {bound} {limit} item{plural} after validation, not {len(value)}"
    ctx = {"field_type": "List", key: limit, "actual_length": len(value)}
    return problem(f"too_{tail}", loc, msg, value, ctx)
