"""Python's own types as a JSON schema, and data of that schema as Python's own types."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import json
import typing
from datetime import date, datetime
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, Union

import msgspec

from nbnebius.errors import OptionError
from nbnebius.work.schema_walk import Node, mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAIN: dict[Any, Node] = {
    Any: {},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    None: {"type": "null"},
    NoneType: {"type": "null"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}
LISTS = {list, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection}
SETS = {set, frozenset, collections.abc.Set}
OBJECTS = {dict, collections.abc.Mapping, collections.abc.MutableMapping}
HINT = "give a short form, a JSON schema, or a pydantic model, dataclass or TypedDict"


def from_type(kind: Any) -> tuple[Node, Callable[[Any], Any]]:
    """
    Describe a type, and make its values.

    Parameters
    ----------
    kind
        A pydantic model, a dataclass, a TypedDict, an Enum, or a type built of such:
        ``list[Model]``, ``dict[str, int]``, ``Literal["a", "b"]``, ``Model | None``.

    Returns
    -------
    tuple
        Its JSON schema, choices in the order they are written, and a function from checked JSON
        data to a value of the type; that raises what the type itself raises.

    Raises
    ------
    OptionError
        JSON has no place for it.
    """
    reader = _Reader()
    node = reader.node(kind)
    try:
        msgspec.json.Decoder(kind, dec_hook=_decode)
    except TypeError as error:
        raise OptionError(
            f"An answer cannot be read as {_told(kind)}",
            why=str(error).splitlines()[0],
            hint="a pydantic model can say which of several forms is meant",
        ) from None

    def build(data: Any) -> Any:
        return msgspec.convert(data, kind, dec_hook=_decode)

    return mapped({**node, "$defs": reader.definitions}, _closed), build


def _closed(node: Node) -> Node:
    """Allow no other properties, and have those with a default written too."""
    properties = node.get("properties")
    if not isinstance(properties, dict):
        return node
    needed = set(node.get("required", ()))
    asked = [
        name
        for name, part in properties.items()
        if name in needed or (isinstance(part, dict) and "default" in part)
    ]
    return {"additionalProperties": False, **node, "required": asked}


def _is_model(kind: Any) -> bool:
    return hasattr(kind, "model_json_schema") and hasattr(kind, "model_validate_json")


def _decode(kind: Any, data: Any) -> Any:
    """Make what msgspec does not know: a pydantic model, which reads JSON by its own rules."""
    if _is_model(kind):
        return kind.model_validate_json(json.dumps(data))
    raise TypeError(f"{_told(kind)} cannot be made from JSON")


class _Reader:
    """Describes types; what has a name goes to `definitions` and is referred to."""

    def __init__(self) -> None:
        self.definitions: dict[str, Node] = {}
        self._names: dict[Any, str] = {}

    def node(self, kind: Any) -> Node:
        """Describe one type."""
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return {**self.node(inner[0]), **_description(inner[1:])}
        if origin in {Required, NotRequired}:
            return self.node(inner[0])
        if origin is Literal:
            return _choice([getattr(one, "value", one) for one in inner], kind)
        if origin in {Union, UnionType}:
            return {"anyOf": [self.node(one) for one in inner]}
        if hasattr(kind, "__supertype__"):
            return self.node(kind.__supertype__)
        return self._container(kind, origin or kind, inner)

    def _container(self, kind: Any, origin: Any, inner: tuple[Any, ...]) -> Node:
        if not isinstance(origin, collections.abc.Hashable):
            raise _no_place(kind)
        if origin in PLAIN:
            return dict(PLAIN[origin])
        if origin in LISTS or origin in SETS:
            listed: Node = {"type": "array", "items": self.node(inner[0]) if inner else {}}
            return {**listed, "uniqueItems": True} if origin in SETS else listed
        if origin is tuple:
            return self._tuple(inner)
        if origin in OBJECTS:
            if inner and inner[0] is not str:
                raise _no_place(kind)
            return {
                "type": "object",
                "additionalProperties": self.node(inner[1]) if inner else True,
            }
        if not isinstance(kind, type):
            raise _no_place(kind)
        return self._named(kind)

    def _tuple(self, inner: tuple[Any, ...]) -> Node:
        if not inner or inner[-1] is Ellipsis:
            return {"type": "array", "items": self.node(inner[0]) if inner else {}}
        return {
            "type": "array",
            "prefixItems": [self.node(one) for one in inner],
            "items": False,
            "minItems": len(inner),
            "maxItems": len(inner),
        }

    def _named(self, kind: type) -> Node:
        if kind not in self._names:
            if _is_model(kind):
                return self._model(kind)
            if issubclass(kind, enum.Enum):
                return _choice([member.value for member in kind], kind)
            if not (dataclasses.is_dataclass(kind) or _is_typed_dict(kind)):
                raise _no_place(kind)
            name = self._names[kind] = self._free(kind.__name__)
            self.definitions[name] = {}
            self.definitions[name].update(self._record(kind))
        return {"$ref": f"#/$defs/{self._names[kind]}"}

    def _record(self, kind: type) -> Node:
        """Describe a dataclass or TypedDict by its fields."""
        try:
            hints = typing.get_type_hints(kind, include_extras=True)
        except (NameError, TypeError, AttributeError) as error:
            raise OptionError(
                f"The annotations of {kind.__qualname__} cannot be read",
                why=str(error),
                hint="define what they name at the top of the notebook or module",
            ) from None
        properties: dict[str, Node] = {}
        required = []
        for name, needed, more in _fields(kind, hints):
            properties[name] = {**self.node(hints[name]), **more}
            if needed:
                required.append(name)
        doc = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
        told = {} if not doc or doc.startswith(f"{kind.__name__}(") else {"description": doc}
        record: Node = {"title": kind.__name__, "type": "object", **told}
        return {**record, "properties": properties, "required": required}

    def _model(self, kind: Any) -> Node:
        try:
            own: Node = kind.model_json_schema()
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise OptionError(
                f"{_told(kind)} gives no JSON schema",
                why=(str(error).splitlines() or [type(error).__name__])[0],
                hint="leave out the field, or give it a type that JSON knows",
            ) from None
        inner = own.pop("$defs", {})
        names = {name: self._free(name, part) for name, part in inner.items()}

        def renamed(node: Node) -> Node:
            last = str(node.get("$ref", "")).removeprefix("#/$defs/")
            return {**node, "$ref": f"#/$defs/{names[last]}"} if last in names else node

        for name, part in inner.items():
            self.definitions[names[name]] = mapped(part, renamed)
        own = mapped(own, renamed)
        if set(own) == {"$ref"}:
            self._names[kind] = own["$ref"].removeprefix("#/$defs/")
            return own
        self._names[kind] = name = self._free(kind.__name__, own)
        self.definitions[name] = own
        return {"$ref": f"#/$defs/{name}"}

    def _free(self, name: str, part: Node | None = None) -> str:
        name = "".join(c if c.isalnum() or c in "._-" else "_" for c in name)
        found, count = name, 1
        while found in self.definitions and self.definitions[found] != part:
            count += 1
            found = f"{name}_{count}"
        return found


def _fields(kind: type, hints: dict[str, Any]) -> Iterator[tuple[str, bool, Node]]:
    """Give a record's fields: name, whether one has to be given, what else is known of it."""
    if not dataclasses.is_dataclass(kind):
        required: frozenset[str] = getattr(kind, "__required_keys__", frozenset(hints))
        for name, hint in hints.items():
            origin = typing.get_origin(hint)
            needed = origin is Required or (origin is not NotRequired and name in required)
            yield name, needed, {}
        return
    missing = dataclasses.MISSING
    for field in dataclasses.fields(kind):
        if field.init:
            needed = field.default is missing and field.default_factory is missing
            told = field.metadata.get("description")
            more: Node = {"description": told} if isinstance(told, str) else {}
            yield field.name, needed, {**more, **_default(field)}


def _default(field: dataclasses.Field[Any]) -> Node:
    value = getattr(field.default, "value", field.default)
    if value is None or isinstance(value, str | int | float):
        return {"default": value}
    factory: object = field.default_factory
    return {"default": [] if factory is list else {}} if factory in {list, dict} else {}


def _choice(values: list[Any], kind: Any) -> Node:
    types = {type(value) for value in values}
    if not types or not types <= {str, int, bool, NoneType}:
        raise _no_place(kind)
    return {**(PLAIN[types.pop()] if len(types) == 1 else {}), "enum": values}


def _description(metadata: tuple[Any, ...]) -> Node:
    for one in metadata:
        told = one if isinstance(one, str) else getattr(one, "description", None)
        if isinstance(told, str) and told:
            return {"description": told}
    return {}


def _is_typed_dict(kind: type) -> bool:
    return issubclass(kind, dict) and hasattr(kind, "__required_keys__")


def _told(kind: Any) -> str:
    named = hasattr(kind, "__qualname__") and not typing.get_args(kind)
    return str(kind.__qualname__ if named else kind)[:60]


def _no_place(kind: Any) -> OptionError:
    if isinstance(kind, type) and hasattr(kind, "schema_json"):
        return OptionError(
            f"{_told(kind)} is a model of pydantic 1", hint="derive it from pydantic 2's BaseModel"
        )
    if not isinstance(kind, type) and isinstance(type(kind), type) and _is_record(type(kind)):
        name = type(kind).__qualname__
        return OptionError(f"The schema is an instance of {name}", hint=f"give {name} itself")
    return OptionError(f"JSON has no place for {_told(kind)}", hint=HINT)


def _is_record(kind: type) -> bool:
    return _is_model(kind) or dataclasses.is_dataclass(kind)
