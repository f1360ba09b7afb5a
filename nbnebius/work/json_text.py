"""The JSON in a model's text, which may stand in a fence or between sentences."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from nbnebius.client.surrogates import mend

_BRACKET = re.compile(r"[{}\[\]]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
MOST_VALUES = 100_000
MOST_BROKEN = 1_000


class _RefusedError(ValueError):
    """JSON to a forgiving reader, and not safe to read: a key twice, NaN."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    What a text holds.

    Attributes
    ----------
    values
        The JSON objects and lists, outermost only, in their order.
    whole
        The text is one JSON value and nothing else.
    problem
        Why there is none, where there is none.
    open
        The text ends inside something that was never closed.
    """

    values: list[Any]
    whole: bool
    problem: str = ""
    open: bool = False


def find_json(text: str) -> Found:
    """
    Find the JSON values in a text.

    A text that is JSON as a whole is that one value. Else objects and lists are looked for between
    other words; never inside one that is broken, whose parts could pass for the whole. Line breaks
    in strings are let pass; half characters become replacement characters.
    """
    text = text.strip().removeprefix("\ufeff").strip()
    if not text:
        return Found([], whole=False, problem="it is empty")
    try:
        return Found([_clean(_DECODER.decode(text), text)], whole=True)
    except RecursionError:
        return Found([], whole=False, problem="it is nested too deep")
    except _RefusedError as error:
        problem = str(error)
        if text[0] in "{[":  # else it may be the first word of a sentence
            return Found([], whole=False, problem=problem)
    except ValueError as error:
        problem = _reason(error)
    try:
        values, is_open = _between(text)
    except RecursionError:
        return Found([], whole=False, problem="it is nested too deep")
    except _RefusedError as error:
        return Found([], whole=False, problem=str(error))
    return Found(values, whole=False, problem="" if values else problem, open=is_open)


def _between(text: str) -> tuple[list[Any], bool]:
    values: list[Any] = []
    end = broken = failed = 0
    for bracket in _BRACKET.finditer(text):
        if bracket.start() < end:
            continue
        if bracket[0] in "}]":
            broken = max(0, broken - 1)
        elif broken:
            broken += 1
        else:
            try:
                value, end = _DECODER.raw_decode(text, bracket.start())
            except _RefusedError:
                raise
            except ValueError:
                broken = 1
                failed += 1
                if failed > MOST_BROKEN:
                    break
                continue
            values.append(value)
            if len(values) > MOST_VALUES:
                raise _RefusedError("it holds too many JSON values")
    return _clean(values, text), broken > 0


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        message = error.msg[:1].lower() + error.msg[1:]
        return f"{message} at line {error.lineno}, column {error.colno}"
    return "it holds a number of too many digits"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _RefusedError(f"the key {twice[:40]!r} is there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _RefusedError("it holds a number too large for a float")
    return number


def _constant(text: str) -> Any:
    raise _RefusedError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_finite, parse_constant=_constant, strict=False
)


def _clean(value: Any, text: str) -> Any:
    """Replace half characters, which cannot be written to a file."""
    return _whole(value) if _HALF.search(text) else value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {mend(name): _whole(item) for name, item in value.items()}
    return value
