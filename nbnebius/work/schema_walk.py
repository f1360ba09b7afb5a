"""Ways through a JSON schema: its parts, and where its references lead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Node = dict[str, Any]

ONE = (
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedProperties",
)
SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
HOPS = 20


def parts(node: Mapping[str, Any]) -> Iterator[Node]:
    """Give the schemas that stand directly within one."""
    for key, value in node.items():
        if isinstance(value, dict):
            if key in ONE:
                yield value
            elif key in NAMED:
                yield from (part for part in value.values() if isinstance(part, dict))
        elif isinstance(value, list) and (key in SEVERAL or key == "items"):
            yield from (part for part in value if isinstance(part, dict))


def everything(node: Node) -> Iterator[Node]:
    """Give a schema and all that stand within it, however deep."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(parts(node))


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Copy a schema with `change` applied to every schema within, the inner ones first."""

    def inner(value: Any) -> Any:
        return mapped(value, change) if isinstance(value, dict) else value

    copy: Node = {}
    for key, value in node.items():
        if key in ONE and isinstance(value, dict):
            copy[key] = inner(value)
        elif key in NAMED and isinstance(value, dict):
            copy[key] = {name: inner(part) for name, part in value.items()}
        elif key in {*SEVERAL, "items"} and isinstance(value, list):
            copy[key] = [inner(part) for part in value]
        else:
            copy[key] = value
    return change(copy)


def target(reference: object, root: Mapping[str, Any]) -> Any:
    """Give what a ``$ref`` leads to within `root`, or None where it leads nowhere."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        elif isinstance(found, dict) and key in found:
            found = found[key]
        else:
            return None
    return found if isinstance(found, dict | bool) else None


def resolved(node: Node, root: Mapping[str, Any]) -> Node:
    """Follow ``$ref`` until there is none; what stands beside it stays."""
    for _ in range(HOPS):
        if "$ref" not in node:
            return node
        found = target(node["$ref"], root)
        if not isinstance(found, dict):
            return node
        node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def without_unused(schema: Node) -> Node:
    """Leave out definitions that nothing refers to."""
    definitions = schema.get("$defs")
    if not isinstance(definitions, dict):
        return schema
    rest = {key: value for key, value in schema.items() if key != "$defs"}
    used: dict[str, Node] = {}
    waiting = [rest]
    while waiting:
        for node in everything(waiting.pop()):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/").split("/")[0]
            if name in definitions and name not in used:
                used[name] = definitions[name]
                waiting.append(definitions[name])
    kept = {name: part for name, part in definitions.items() if name in used}
    return {**rest, "$defs": kept} if kept else rest
