"""What an answer has to look like, given in any of the ways a user may have it at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from nbnebius.errors import OptionError
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.work.schema_walk import Node

DEFAULT_NAME = "answer"
LONGEST_NAME = 64
_WORDS = {"type", "properties", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "items"}
_DEFINITIONS = ("$defs", "definitions")


class Schema(Record, frozen=True):
    """
    A JSON schema of an answer, and what the answer becomes.

    Attributes
    ----------
    json
        The schema as it is sent; its root is an object.
    name
        Letters, digits and _ , at most 64: the API asks for one.
    build
        Turns checked data of `json` into what the user gave: an instance of the model or
        dataclass, else plain data. The object around a list or a single value is taken off.
    key
        The property that was put around what is no object by itself: ``items`` around a list,
        ``value`` around anything else, or None.
    inner
        The schema of one item, or of the value.
    """

    json: Node
    name: str
    build: Callable[[Any], Any]
    key: Literal["items", "value"] | None = None
    inner: Node | None = None

    def many(self) -> Schema:
        """Ask for any number of these: ``{"items": [...]}``, built as a list."""
        if self.key == "items":
            return self
        inner = self.json if self.inner is None else self.inner
        build, wrapped = self.build, self.key == "value"

        def build_all(data: Any) -> Any:
            return [build({"value": item} if wrapped else item) for item in data["items"]]

        return Schema(
            _around({"type": "array", "items": inner}, "items", "/items"),
            _safe_name(self.name[: LONGEST_NAME - 5] + "_list"),
            build_all,
            "items",
            inner,
        )

    @property
    def row(self) -> Node:
        """The schema of one of `rows`, always an object's."""
        if self.key != "items" or self.inner is None:
            return self.json
        is_object = _is_object(self.inner, self.inner)
        return _opened(self.inner) if is_object else _around(self.inner, "value")

    def rows(self, data: Any) -> list[dict[str, Any]]:
        """Give checked data as rows of a frame: one, or with a list one per item."""
        if self.key != "items" or self.inner is None:
            return [data]
        is_object = _is_object(self.inner, self.inner)
        return [item if is_object else {"value": item} for item in data["items"]]


def to_schema(given: Any) -> Schema:
    """
    Make a schema of what a user gives.

    Parameters
    ----------
    given
        The short form (``"name, age int"``), JSON schema as a dict or text, a pydantic model, a
        dataclass, a TypedDict, or a type built of such: ``list[Model]``, ``Literal["a", "b"]``.

    Raises
    ------
    OptionError
        It is none of these; the sentence says what to give.

    Examples
    --------
    >>> schema = to_schema("name, age int")
    >>> schema.name, list(schema.json["properties"])
    ('answer', ['name', 'age'])
    """
    from nbnebius.work.schema_types import HINT, from_type
    from nbnebius.work.short_schema import parse_short

    if isinstance(given, Schema):
        return given
    if isinstance(given, str):
        if not given.lstrip().startswith("{"):
            return Schema(parse_short(given), DEFAULT_NAME, _as_it_is)
        given = _read(given)
    if isinstance(given, Mapping):
        name, node = _of_dict(given)
        return _rooted(node, name, _as_it_is)
    if given is None:
        raise OptionError("The schema is None", hint=HINT)
    node, build = from_type(given)
    name = given.__name__ if isinstance(given, type) else str(node.get("title", DEFAULT_NAME))
    return _rooted(node, name, build)


def _as_it_is(data: Any) -> Any:
    return data


def _read(text: str) -> Mapping[str, Any]:
    from nbnebius.work.short_schema import EXAMPLE

    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionError(
            "The schema begins like JSON and is none", why=str(error), hint=EXAMPLE
        ) from None
    assert isinstance(found, dict)
    return found


def _of_dict(given: Mapping[str, Any]) -> tuple[str, Node]:
    """Check a JSON schema, which may stand in the envelope the API asks for."""
    from nbnebius.work.schema_types import HINT
    from nbnebius.work.schema_walk import everything
    from nbnebius.work.short_schema import EXAMPLE

    try:
        node: Node = json.loads(json.dumps(dict(given), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(
            "The dict is no JSON schema", why=f"it cannot be written as JSON: {error}", hint=HINT
        ) from None
    if node.get("type") == "json_schema" and isinstance(node.get("json_schema"), dict):
        node = node["json_schema"]
    name = node.get("title")
    if isinstance(node.get("schema"), dict) and not (_WORDS & set(node)):
        name, node = node.get("name"), node["schema"]
    if not _WORDS & set(node):
        raise OptionError(
            "The dict is no JSON schema",
            why='it has neither "type" nor "properties"',
            hint=EXAMPLE,
        )
    for part in everything(node):
        _refuse(part, node)
    return name if isinstance(name, str) else DEFAULT_NAME, node


def _refuse(part: Node, root: Node) -> None:
    """Raise where a part of a schema cannot be meant."""
    from nbnebius.work.schema_values import NOUNS, shown, types_of
    from nbnebius.work.schema_walk import target
    from nbnebius.work.short_schema import EXAMPLE

    unknown = [name for name in types_of(part) if name not in NOUNS]
    if unknown:
        raise OptionError(
            f"The schema has an unknown type: {shown(unknown[0])}",
            why="JSON schema knows " + ", ".join(NOUNS),
            hint=EXAMPLE,
        )
    properties = part.get("properties", {})
    if not isinstance(properties, dict) or not all(
        isinstance(value, dict | bool) for value in properties.values()
    ):
        raise OptionError(
            'The schema\'s "properties" have to be schemas by their names', hint=EXAMPLE
        )
    if "$ref" in part and target(part["$ref"], root) is None:
        raise OptionError(
            f'The schema\'s "$ref" {shown(part["$ref"])} leads nowhere',
            why="a reference leads to a place in the same schema",
            hint='put what it means under "$defs"',
        )


def _rooted(node: Node, name: str, build: Callable[[Any], Any]) -> Schema:
    """Make a schema whose root is an object, as the API asks for."""
    from nbnebius.work.schema_values import types_of
    from nbnebius.work.schema_walk import without_unused

    name = _safe_name(name)
    root = _opened(node)
    if _is_object(root, root):
        return Schema(root, name, build)
    key: Literal["items", "value"] = "items" if types_of(root) == ["array"] else "value"
    inner = without_unused(node)
    if key == "items":
        items = root.get("items")
        definitions = {key: node[key] for key in _DEFINITIONS if key in node}
        inner = without_unused({**items, **definitions}) if isinstance(items, dict) else {}

    def build_inner(data: Any) -> Any:
        return build(data[key])

    return Schema(_around(node, key), name, build_inner, key, inner)


def _opened(node: Node) -> Node:
    """Put in the place of a root's reference what it leads to."""
    from nbnebius.work.schema_walk import resolved, without_unused

    definitions = {key: node[key] for key in _DEFINITIONS if key in node}
    return without_unused({**resolved(node, node), **definitions})


def _is_object(node: Node, root: Node) -> bool:
    from nbnebius.work.schema_values import types_of
    from nbnebius.work.schema_walk import resolved

    node = resolved(node, root)
    return types_of(node) == ["object"] or ("properties" in node and not types_of(node))


def _around(node: Node, key: str, below: str = "") -> Node:
    """Put an object around a schema; its definitions stay at the root, its references right."""
    from nbnebius.work.schema_walk import mapped, without_unused

    def moved(part: Node) -> Node:
        reference = part.get("$ref")
        inside = isinstance(reference, str) and (reference == "#" or reference.startswith("#/"))
        if not inside or str(reference).startswith(("#/$defs/", "#/definitions/")):
            return part
        return {**part, "$ref": f"#/properties/{key}{below}{str(reference)[1:]}"}

    node = mapped(node, moved)
    holder = node["items"] if below else node
    definitions = {word: holder[word] for word in _DEFINITIONS if word in holder}
    bare = {word: value for word, value in holder.items() if word not in _DEFINITIONS}
    return without_unused(
        {
            "type": "object",
            "properties": {key: {**node, "items": bare} if below else bare},
            "required": [key],
            "additionalProperties": False,
            **definitions,
        }
    )


def _safe_name(name: str) -> str:
    """Give a name of letters, digits and _ that begins with none of the digits."""
    safe = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:LONGEST_NAME] or DEFAULT_NAME
    return f"_{safe}"[:LONGEST_NAME] if safe[0].isdigit() else safe
