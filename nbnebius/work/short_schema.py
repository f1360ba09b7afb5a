"""
The short form of a schema: ``name, age int, label positive|negative, why: a description``.

It is that of simonw/llm, with choices added. Fields stand between commas or on lines of their own;
only on a line of its own may a field's description hold commas.
"""

from __future__ import annotations

import re
from copy import deepcopy
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "list": {"type": "array", "items": {"type": "string"}},
}
ALIASES = {
    "string": "str",
    "text": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
}
EXAMPLE = 'a schema looks like "name, age int, label good|bad, why: in ten words"'
_NAME = re.compile(r"[\w$][\w$.-]{0,63}")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_LIST = re.compile(r"list\s*\[(.*)\]", re.IGNORECASE | re.DOTALL)


def parse_short(text: str) -> dict[str, Any]:
    """
    Turn the short form into a JSON schema.

    A field is ``name``, ``name type``, ``name: description`` or ``name type: description``. Types
    are str (the default), int, float, bool, date, datetime, list (of texts), ``list[int]`` and the
    like, or choices: ``good|bad|mixed``. Choices that are all whole numbers are integers,
    ``true|false`` is bool, and ``null`` among them (``int|null``, ``good|bad|null``) allows an
    answer to be missing. Every field is required and no other is allowed.

    Raises
    ------
    OptionError
        It makes no sense: no field, one twice, a type that does not exist.

    Examples
    --------
    >>> parse_short("age int, label good|bad")["properties"]["label"]
    {'type': 'string', 'enum': ['good', 'bad']}
    """
    properties: dict[str, Any] = {}
    for head, description in _fields(text):
        name, _, kind = head.partition(" ")
        if not _NAME.fullmatch(name):
            raise OptionError(
                f"The schema has a field without a proper name: {_short(head or description)}",
                why="a name is letters, digits and _ . - $, at most 64 of them",
                hint=EXAMPLE,
            )
        if name in properties:
            raise OptionError(
                f"The schema names the field {name!r} twice", hint="give each field its own name"
            )
        properties[name] = _kind(name, kind.strip())
        if description:
            properties[name]["description"] = description
    if not properties:
        raise OptionError("The schema is empty", hint=EXAMPLE)
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Give each field's name with its type, and its description."""
    parts = text.splitlines() if "\n" in text else text.split(",")
    for part in parts:
        head, colon, description = part.partition(":")
        *others, last = head.split(",")
        for other in others:
            if other.strip():
                yield " ".join(other.split()), ""
        if last.strip() or colon:
            told = description.strip()
            yield " ".join(last.split()), told.removesuffix(",").rstrip()


def _kind(name: str, text: str) -> dict[str, Any]:
    if not text:
        return deepcopy(TYPES["str"])
    if found := _LIST.fullmatch(text):
        return {"type": "array", "items": _kind(name, found[1].strip())}
    if "|" in text:
        return _choices(name, text)
    known = ALIASES.get(text.lower(), text.lower())
    if known in TYPES:
        return deepcopy(TYPES[known])
    raise _unknown(name, text)


def _choices(name: str, text: str) -> dict[str, Any]:
    choices = [choice.strip() for choice in text.split("|")]
    if "" in choices:
        raise OptionError(
            f"The field {name!r} has an empty choice: {_short(text)}",
            hint=f"write its choices as {name} a|b|c",
        )
    if len(set(choices)) < len(choices):
        raise OptionError(
            f"The field {name!r} has a choice twice: {_short(text)}", hint="name each choice once"
        )
    if "null" not in choices:
        return _enum(choices)
    rest = [choice for choice in choices if choice != "null"]
    if not rest:
        raise OptionError(f"The field {name!r} may only be missing", hint="add another choice")
    only = rest[0].lower()
    kind = _kind(name, only) if len(rest) == 1 and _is_type(only) else _enum(rest)
    kind["type"] = [kind["type"], "null"]
    if "enum" in kind:
        kind["enum"] = [*kind["enum"], None]
    return kind


def _is_type(text: str) -> bool:
    return text in TYPES or text in ALIASES or _LIST.fullmatch(text) is not None


def _enum(choices: list[str]) -> dict[str, Any]:
    if set(choices) == {"true", "false"}:
        return deepcopy(TYPES["bool"])
    if all(_WHOLE.fullmatch(choice) for choice in choices):
        return {"type": "integer", "enum": [int(choice) for choice in choices]}
    return {"type": "string", "enum": choices}


def _unknown(name: str, text: str) -> OptionError:
    near = get_close_matches(text.lower(), [*TYPES, *ALIASES], n=1)
    if near:
        meant = ALIASES.get(near[0], near[0])
        hint = f"did you mean {name} {meant}?"
    elif " " in text:
        hint = (
            f"write choices as {name} {'|'.join(text.split()[:3])}, a description as "
            f"{name}: {_short(text, quoted=False)}; one that has commas needs a line of its own"
        )
    else:
        hint = (
            f"write choices as {name} {_short(text, quoted=False)}|…, a description after a colon; "
            "one that has commas needs a line of its own"
        )
    return OptionError(
        f"The field {name!r} has an unknown type: {_short(text)}",
        why="the types are " + ", ".join(TYPES) + ", or choices: a|b|c",
        hint=hint,
    )


def _short(text: str, *, quoted: bool = True) -> str:
    cut = text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004 - fits a line
    return repr(cut) if quoted else cut
