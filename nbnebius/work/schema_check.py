"""
Whether data fits a JSON schema, said in words a person (and a model) can act on.

It knows what model answers are asked with: type, enum, const, properties, required,
additionalProperties, patternProperties, items, prefixItems, minimum and its kin, lengths, pattern,
format date and date-time, uniqueItems, anyOf, oneOf, allOf, $ref. What it does not know, it lets
pass. Work and depth are bounded, whatever schema and data are.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from nbnebius.work.schema_pattern import matches
from nbnebius.work.schema_values import (
    NOUNS,
    below,
    has_type,
    key_of,
    of_count,
    of_number,
    of_text,
    shown,
    types_of,
)
from nbnebius.work.schema_walk import target

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

MOST_PROBLEMS = 10
DEPTH = 100
STEPS = 500_000


class TooMuchError(Exception):
    """More steps than any real answer takes."""


def check(data: Any, schema: Mapping[str, Any]) -> list[str]:
    """
    Tell what is wrong with data, as ``path: what is wrong``, at most ten; empty where it fits.

    Examples
    --------
    >>> check({"age": "x"}, {"properties": {"age": {"type": "integer"}}})
    ["age: 'x' is not a whole number"]
    """
    checker = Checker(schema)
    problems: list[str] = []
    try:
        problems.extend(islice(checker.problems(data, schema), MOST_PROBLEMS))
    except TooMuchError:
        problems.append("answer: is too large to be checked")
    except RecursionError:
        problems.append("answer: is nested too deep")
    return problems[:MOST_PROBLEMS]


class Checker:
    """
    Finds problems, one by one, as long as they are asked for.

    Parameters
    ----------
    root
        The whole schema, in which references are looked up.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.steps = STEPS

    def fits(self, data: Any, node: Any, depth: int = 0) -> bool:
        """Tell whether there is no problem."""
        return next(self.problems(data, node, depth=depth), None) is None

    def problems(self, data: Any, node: Any, path: str = "", depth: int = 0) -> Iterator[str]:
        """
        Give what is wrong.

        Raises
        ------
        TooMuchError
            It takes too long to say.
        """
        self.steps -= 1
        if self.steps < 0:
            raise TooMuchError
        where = path or "answer"
        if node is False:
            yield f"{where}: must not be there"
        if not isinstance(node, dict):
            return
        if depth > DEPTH:
            yield f"{where}: is nested too deep"
            return
        names = types_of(node)
        if names and not any(has_type(data, name) for name in names):
            nouns = " or ".join(dict.fromkeys(NOUNS.get(name, name) for name in names))
            yield f"{where}: {shown(data)} is not {nouns}"
            return
        yield from self._values(data, node, where)
        if isinstance(data, str):
            yield from of_text(data, node, where)
        elif isinstance(data, dict):
            yield from self._of_object(data, node, path, depth)
        elif isinstance(data, list | tuple):
            yield from self._of_list(data, node, path, depth)
        elif isinstance(data, int | float) and not isinstance(data, bool):
            yield from of_number(data, node, where)
        yield from self._elsewhere(data, node, path, depth)

    def _values(self, data: Any, node: Mapping[str, Any], where: str) -> Iterator[str]:
        choices = node.get("enum")
        if isinstance(choices, list):
            self.steps -= len(choices)
            if key_of(data) not in {key_of(choice) for choice in choices}:
                told = ", ".join(shown(choice) for choice in choices[:8])
                yield f"{where}: {shown(data)} is none of {told}" + ", …" * (len(choices) > 8)  # noqa: PLR2004
        if "const" in node and key_of(data) != key_of(node["const"]):
            yield f"{where}: {shown(data)} is not {shown(node['const'])}"

    def _elsewhere(self, data: Any, node: dict[str, Any], path: str, depth: int) -> Iterator[str]:
        """Follow a reference and the forms that are all, or some, to be met."""
        where = path or "answer"
        if "$ref" in node:
            found = target(node["$ref"], self.root)
            if found is None:
                yield f"{where}: the schema's {shown(node['$ref'])} leads nowhere"
            else:
                yield from self.problems(data, found, path, depth + 1)
        for part in _list(node, "allOf"):
            yield from self.problems(data, part, path, depth + 1)
        for word in ("anyOf", "oneOf"):
            if forms := _list(node, word):
                yield from self._one_of(data, forms, path, depth, only=word == "oneOf")

    def _one_of(
        self, data: Any, forms: list[Any], path: str, depth: int, *, only: bool
    ) -> Iterator[str]:
        found = 0
        nearest: list[str] | None = None
        for form in forms:
            told = list(islice(self.problems(data, form, path, depth + 1), MOST_PROBLEMS))
            if told:
                # A form of another type altogether says the least about what was meant.
                if nearest is None or _distance(told, path) < _distance(nearest, path):
                    nearest = told
                continue
            found += 1
            if not only:
                return
        if found > 1:
            yield f"{path or 'answer'}: fits {found} forms where one is allowed"
        elif not found and nearest:
            yield from nearest

    def _of_object(
        self, data: dict[str, Any], node: dict[str, Any], path: str, depth: int
    ) -> Iterator[str]:
        for name in _list(node, "required"):
            if isinstance(name, str) and name not in data:
                yield f"{below(path, name)}: is missing"
        known, patterns = _dict(node, "properties"), _dict(node, "patternProperties")
        others = node.get("additionalProperties", True)
        for name, value in data.items():
            parts = [known[name]] if name in known else []
            parts += [part for pattern, part in patterns.items() if matches(pattern, name)]
            if not parts and others is False:
                yield f"{below(path, name)}: is not in the schema"
                continue
            for part in parts or [others]:
                yield from self.problems(value, part, below(path, name), depth + 1)

    def _of_list(
        self, data: list[Any] | tuple[Any, ...], node: dict[str, Any], path: str, depth: int
    ) -> Iterator[str]:
        where = path or "answer"
        yield from of_count(len(data), node, ("minItems", "maxItems"), where, "items")
        rest = node.get("items", True)
        first = _list(node, "prefixItems")
        if isinstance(rest, list):  # an older way to say prefixItems
            first, rest = rest, node.get("additionalItems", True)
        if rest is False and len(data) > len(first):
            yield f"{where}: has {len(data)} items, at most {len(first)} are allowed"
            rest = True
        for index, item in enumerate(data):
            part = first[index] if index < len(first) else rest
            yield from self.problems(item, part, f"{path}[{index}]", depth + 1)
        if node.get("uniqueItems") is True:
            seen: set[Hashable] = set()
            for index, item in enumerate(data):
                if (key := key_of(item)) in seen:
                    yield f"{path}[{index}]: {shown(item)} is there twice"
                seen.add(key)


def _distance(problems: list[str], path: str) -> tuple[bool, int]:
    other_type = problems[0].startswith(f"{path or 'answer'}: ") and " is not " in problems[0]
    return other_type, len(problems)


def _list(node: dict[str, Any], key: str) -> list[Any]:
    found = node.get(key)
    return found if isinstance(found, list) else []


def _dict(node: dict[str, Any], key: str) -> dict[str, Any]:
    found = node.get(key)
    return found if isinstance(found, dict) else {}
