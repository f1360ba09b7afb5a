"""Small mistakes of a model in its data, put right where nothing can be lost by it."""

from __future__ import annotations

import math
import re
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nbnebius.work.schema_check import DEPTH, Checker, TooMuchError
from nbnebius.work.schema_values import below, key_of, shown, types_of
from nbnebius.work.schema_walk import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_NOTES = 10
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}(\.0{1,20})?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")


def mend(data: Any, schema: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """
    Put right what a model wrote in another form, and tell what.

    Numbers in quotes become numbers, 3.0 an integer, an integer a text where only a text is
    allowed, a choice gets the case and spaces the schema has, a property left out its default; a
    list without the object around it gets that object, and the other way round. Nothing is
    guessed, dropped or rounded. Data that fits stays equal to what it was.

    Returns
    -------
    tuple
        The data, mended as far as that goes (it may still not fit), and notes of one line each.

    Examples
    --------
    >>> mend({"age": "3"}, {"properties": {"age": {"type": "integer"}}})
    ({'age': 3}, ["age: '3' read as 3"])
    """
    mender = _Mender(schema)
    try:
        found, notes = mender.mended(data, dict(schema))
    except (TooMuchError, RecursionError):
        return data, []
    more = len(notes) - MOST_NOTES
    return found, [*notes[:MOST_NOTES], f"and {more} more"] if more > 0 else notes


class _Mender:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.checker = Checker(root)
        self.notes: list[str] = []

    def mended(self, data: Any, node: dict[str, Any]) -> tuple[Any, list[str]]:
        """Mend data as it is; where that does not do, also with another shape around it."""
        first = self._tried(data, node)
        if self.checker.fits(first[0], node):
            return first
        for shaped, note in _shapes(data, resolved(node, self.root)):
            found, notes = self._tried(shaped, node)
            if self.checker.fits(found, node):
                return found, [note, *notes]
        return first

    def _tried(self, data: Any, node: Any, path: str = "", depth: int = 0) -> tuple[Any, list[str]]:
        """Mend, with the notes of this attempt alone."""
        before, self.notes = self.notes, []
        found = self._at(data, node, path, depth)
        notes, self.notes = self.notes, before
        return found, notes

    def _at(self, data: Any, node: Any, path: str, depth: int) -> Any:
        self.checker.steps -= 1
        if self.checker.steps < 0:
            raise TooMuchError
        if not isinstance(node, dict) or depth > DEPTH:
            return data
        node = resolved(node, self.root)
        parts = node.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            data = self._at(data, part, path, depth + 1)
        for word in ("anyOf", "oneOf"):
            if isinstance(forms := node.get(word), list):
                data = self._form(data, forms, path, depth)
        if isinstance(data, dict):
            return self._object(data, node, path, depth)
        if isinstance(data, list):
            return self._list(data, node, path, depth)
        found = _single(data, node)
        if type(found) is not type(data) or found != data:
            self.notes.append(f"{path or 'answer'}: {shown(data)} read as {shown(found)}")
        return found

    def _form(self, data: Any, forms: list[Any], path: str, depth: int) -> Any:
        """Mend by the form that fits; where none does, by the only one that can be made to."""
        for form in forms:
            if self.checker.fits(data, form, depth):
                return self._at(data, form, path, depth + 1)
        made = []
        for form in forms:
            found, notes = self._tried(data, form, path, depth + 1)
            if self.checker.fits(found, form, depth):
                made.append((found, notes))
        if not made or len({key_of(found) for found, _ in made}) > 1:
            return data
        self.notes.extend(made[0][1])
        return made[0][0]

    def _object(
        self, data: dict[str, Any], node: dict[str, Any], path: str, depth: int
    ) -> dict[str, Any]:
        properties = node.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        others = node.get("additionalProperties")
        found = {
            name: self._at(value, properties.get(name, others), below(path, name), depth + 1)
            for name, value in data.items()
        }
        required = node.get("required")
        for name in filter(_is_text, required if isinstance(required, list) else ()):
            part = properties.get(name)
            if name not in found and isinstance(part, dict) and "default" in part:
                found[name] = deepcopy(part["default"])
                self.notes.append(f"{below(path, name)}: left out, {shown(part['default'])} taken")
        return found

    def _list(self, data: list[Any], node: dict[str, Any], path: str, depth: int) -> list[Any]:
        first, rest = node.get("prefixItems"), node.get("items")
        first = first if isinstance(first, list) else []
        return [
            self._at(
                item, first[index] if index < len(first) else rest, f"{path}[{index}]", depth + 1
            )
            for index, item in enumerate(data)
        ]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _shapes(data: Any, node: dict[str, Any]) -> list[tuple[Any, str]]:
    """Give what a model may have meant that left an object out, or put a list around one."""
    shapes: list[tuple[Any, str]] = []
    properties = node.get("properties")
    only = next(iter(properties)) if isinstance(properties, dict) and len(properties) == 1 else None
    if only is not None and not (isinstance(data, dict) and only in data):
        if isinstance(data, dict):
            shapes.append(({only: [data]}, f"one object read as a list of {only}"))
        shapes.append(({only: data}, f"the answer read as its {only}"))
    if isinstance(data, list) and len(data) == 1:
        shapes.append((data[0], "a list of one read as that one"))
    return shapes


def _single(data: Any, node: dict[str, Any]) -> Any:
    """Give a value in the type its schema asks for, where it is the same value."""
    data = _typed(data, set(types_of(node)))
    choices = node.get("enum", [node["const"]] if "const" in node else None)
    if not isinstance(choices, list) or key_of(data) in {key_of(choice) for choice in choices}:
        return data
    same = [choice for choice in choices if _folded(choice) == _folded(data) is not None]
    return same[0] if len(same) == 1 else data


def _typed(data: Any, types: set[str]) -> Any:
    if isinstance(data, str) and types and "string" not in types:
        return _from_text(data.strip(), data, types)
    if isinstance(data, float) and "integer" in types and "number" not in types:
        return int(data) if data.is_integer() else data
    whole = isinstance(data, int) and not isinstance(data, bool)
    if whole and types and types <= {"string", "null"} and data.bit_length() < 1_000:  # noqa: PLR2004
        return str(data)
    return data


def _from_text(text: str, data: str, types: set[str]) -> Any:
    if "boolean" in types and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if types & {"integer", "number"} and _WHOLE.fullmatch(text):
        return int(text.partition(".")[0])
    if "number" in types and _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number) and Decimal(repr(number)) == Decimal(text):
            return number
    return data


def _folded(value: Any) -> str | None:
    """Give what two spellings of one choice share; None for what has no spelling."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return " ".join(str(value).split()).casefold()
    return None
