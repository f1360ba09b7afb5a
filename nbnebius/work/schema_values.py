"""Single values of JSON: of what type they are, whether they keep to limits, how to show them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from nbnebius.work.schema_pattern import matches

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list, tuple),
    "object": (dict,),
}
NOUNS = {
    "string": "a text",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "integer": "a whole number",
    "number": "a number",
}


def has_type(data: Any, name: str) -> bool:
    """Tell whether data is of one of JSON schema's types; 3.0 is an integer there."""
    if name in _TYPES:
        return isinstance(data, _TYPES[name])
    if isinstance(data, bool) or not isinstance(data, int | float):
        return name not in NOUNS
    if isinstance(data, float) and not math.isfinite(data):
        return False
    return name != "integer" or isinstance(data, int) or data.is_integer()


def types_of(node: Mapping[str, Any]) -> list[str]:
    """Give the types a schema names; none where it names none."""
    found = node.get("type")
    if isinstance(found, str):
        return [found]
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def key_of(data: Any) -> Hashable:
    """Give a value's identity in JSON: 1 is 1.0 and is not true, objects have no order."""
    if isinstance(data, dict):
        return ("object", frozenset((name, key_of(value)) for name, value in data.items()))
    if isinstance(data, list | tuple):
        return ("array", tuple(key_of(item) for item in data))
    if isinstance(data, bool):
        return ("boolean", data)
    return ("number", data) if isinstance(data, int | float) else ("text", data)


def shown(data: Any, most: int = 40) -> str:
    """Show a value in a few characters of one line."""
    if isinstance(data, dict | list | tuple):
        noun = "an object" if isinstance(data, dict) else "a list"
        return f"{noun} of {len(data)}"
    if isinstance(data, str) and len(data) > most:
        data = data[: most - 1] + "…"
    if isinstance(data, bool) or data is None:
        return {True: "true", False: "false", None: "null"}[data]
    if isinstance(data, int) and data.bit_length() > 4 * most:
        return "a very long number"
    return repr(data)


def below(path: str, name: str) -> str:
    """Give the path of an object's property."""
    told = name if name.isprintable() and 0 < len(name) <= 60 else shown(name)  # noqa: PLR2004
    return f"{path}.{told}" if path else told


def of_text(data: str, node: dict[str, Any], where: str) -> Iterator[str]:
    """Give what is wrong with a text: its length, pattern or format."""
    yield from of_count(len(data), node, ("minLength", "maxLength"), where, "characters")
    pattern = node.get("pattern")
    if isinstance(pattern, str) and matches(pattern, data) is False:
        yield f"{where}: {shown(data)} does not match {shown(pattern)}"
    if node.get("format") == "date" and not _is_date(data):
        yield f"{where}: {shown(data)} is no date like 2026-01-31"
    if node.get("format") == "date-time" and not _is_time(data):
        yield f"{where}: {shown(data)} is no time like 2026-01-31T12:00:00Z"


def of_number(data: float, node: dict[str, Any], where: str) -> Iterator[str]:
    """Give the limits a number does not keep to."""
    if (least := _number(node, "minimum")) is not None and data < least:
        yield f"{where}: {shown(data)} is less than {least}"
    if (most := _number(node, "maximum")) is not None and data > most:
        yield f"{where}: {shown(data)} is more than {most}"
    if (least := _number(node, "exclusiveMinimum")) is not None and data <= least:
        yield f"{where}: {shown(data)} is not more than {least}"
    if (most := _number(node, "exclusiveMaximum")) is not None and data >= most:
        yield f"{where}: {shown(data)} is not less than {most}"


def of_count(
    count: int, node: dict[str, Any], words: tuple[str, str], where: str, noun: str
) -> Iterator[str]:
    """Give the limits that a count does not keep to."""
    if (least := _number(node, words[0])) is not None and count < least:
        yield f"{where}: has {count} {noun}, at least {least} are needed"
    if (most := _number(node, words[1])) is not None and count > most:
        yield f"{where}: has {count} {noun}, at most {most} are allowed"


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True


def _number(node: dict[str, Any], key: str) -> float | None:
    found = node.get(key)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
