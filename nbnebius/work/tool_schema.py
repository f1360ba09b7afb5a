"""A Python function as an entry of a request's ``tools``."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import typing
import uuid
from pathlib import PurePath
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin

from nbnebius.errors import OptionError
from nbnebius.work.tool_docs import read_docs
from nbnebius.work.tool_signature import EMPTY, read_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbnebius.work.tool_signature import Parameter

Schema = dict[str, Any]

DEPTH: Final = 10
"""How deep types may nest; below that anything is taken."""

_PLAIN: Final[dict[Any, Schema]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    None: {"type": "null"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    dt.datetime: {"type": "string", "format": "date-time"},
    dt.date: {"type": "string", "format": "date"},
    dt.time: {"type": "string", "format": "time"},
    dt.timedelta: {"type": "string", "format": "duration"},
    decimal.Decimal: {"type": "string", "description": "a decimal number"},
    uuid.UUID: {"type": "string", "format": "uuid"},
}
_LISTS: Final = (
    list,
    set,
    frozenset,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.Set,
)
_OBJECTS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_QUALIFIERS: Final = (typing.Required, typing.NotRequired, typing.Final, typing.ClassVar)


class _NoPlace(Exception):  # noqa: N818 - it never leaves this module
    """A type that JSON has no place for."""


def describe_tool(function: Callable[..., Any]) -> Schema:
    """
    Describe a function to a model: an entry of a chat request's ``tools``.

    The description is the docstring's first part; parameters come from the annotations, and what
    the docstring (NumPy, Google or Sphinx style) says of each goes with it. A parameter with a
    default may be left out by the model; one whose type has no place in JSON is not told to it.

    Parameters
    ----------
    function
        Any function with a name, plain or async.

    Raises
    ------
    OptionError
        It cannot be a tool: the sentence says why.

    Examples
    --------
    >>> def weather(city: str, days: int = 1):
    ...     "Tell the weather."
    >>> entry = describe_tool(weather)["function"]
    >>> entry["parameters"]["required"], entry["parameters"]["properties"]["days"]
    (['city'], {'type': 'integer', 'default': 1})
    """
    signature = read_signature(function)
    description, told = read_docs(signature.docstring)
    properties: Schema = {}
    for parameter in signature.parameters:
        try:
            schema = _of_parameter(parameter)
        except _NoPlace as error:
            if not parameter.required:
                continue
            raise OptionError(
                f"{signature.name} cannot be a tool",
                why=f"JSON has no place for its parameter {parameter.name}: {error}",
                hint="take text, numbers, lists or a dataclass, or give it a default",
            ) from None
        if parameter.name in told:
            schema["description"] = told[parameter.name]
        properties[parameter.name] = schema
    parameters: Schema = {"type": "object", "properties": properties}
    if required := [one.name for one in signature.parameters if one.required]:
        parameters["required"] = required
    parameters["additionalProperties"] = signature.is_open
    entry = {"name": signature.name, "description": description, "parameters": parameters}
    return {"type": "function", "function": entry if description else _without(entry)}


def _without(entry: Schema) -> Schema:
    return {name: value for name, value in entry.items() if name != "description"}


def _of_parameter(parameter: Parameter) -> Schema:
    annotation, default = parameter.annotation, parameter.default
    if annotation is EMPTY:
        schema = dict(_PLAIN.get(type(default), {"type": "string"}))
        if default is None:
            schema = {}
    else:
        schema = _schema(annotation, 0)
    if default is None:  # to leave it out says the same as null
        arms = [arm for arm in schema.get("anyOf", ()) if arm != _PLAIN[None]]
        if len(arms) == 1:
            rest = {name: value for name, value in schema.items() if name != "anyOf"}
            schema = {**arms[0], **rest}
    elif isinstance(default, enum.Enum):
        schema["default"] = enum_values(type(default))[default]
    elif isinstance(default, str | int | float):
        schema["default"] = default
    return schema


def enum_values(kind: type[enum.Enum]) -> dict[enum.Enum, Any]:
    """Tell how each member is written: by its value, or by its name where values are no JSON."""
    plain = all(isinstance(member.value, str | int) for member in kind)
    return {member: member.value if plain else member.name for member in kind}


def _schema(annotation: Any, depth: int) -> Schema:
    anything = annotation is Any or annotation is object or annotation is EMPTY
    if anything or depth > DEPTH or isinstance(annotation, typing.TypeVar):
        return {}
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return _annotated(annotation, depth)
    if origin in _QUALIFIERS:
        return _schema(get_args(annotation)[0], depth)
    if origin is Literal:
        return _choice([_json_value(value) for value in get_args(annotation)])
    if origin in {Union, UnionType}:
        return {"anyOf": [_schema(arm, depth + 1) for arm in get_args(annotation)]}
    further = getattr(annotation, "__supertype__", None) or getattr(annotation, "__value__", None)
    if further is not None:  # NewType, and the ``type`` statement
        return _schema(further, depth + 1)
    return _container(annotation, origin or annotation, depth)


def _container(annotation: Any, origin: Any, depth: int) -> Schema:
    inner = get_args(annotation)
    if origin in _PLAIN:
        return dict(_PLAIN[origin])
    if origin is tuple:
        return _tuple(inner, depth)
    if origin in _LISTS:
        items = _schema(inner[0], depth + 1) if inner else {}
        return {"type": "array", "items": items} if items else {"type": "array"}
    if origin in _OBJECTS:
        values = _schema(inner[1], depth + 1) if inner else {}
        return {"type": "object", "additionalProperties": values or True}
    if not isinstance(origin, type):
        raise _NoPlace(str(annotation))
    if issubclass(origin, enum.Enum):
        return _choice(list(enum_values(origin).values()))
    if issubclass(origin, PurePath):
        return {"type": "string", "description": "a path"}
    if hasattr(origin, "model_json_schema"):  # pydantic
        whole = origin.model_json_schema()
        inlined: Schema = _inlined(whole, whole.get("$defs", {}))
        return inlined
    if dataclasses.is_dataclass(origin) or typing.is_typeddict(origin) or _is_struct(origin):
        return _record(origin, depth)
    raise _NoPlace(f"{origin.__module__}.{origin.__qualname__}")


def _annotated(annotation: Any, depth: int) -> Schema:
    base, *more = get_args(annotation)
    schema = _schema(base, depth)
    for one in more:
        told = one if isinstance(one, str) else getattr(one, "description", None)
        if isinstance(told, str) and told:
            schema["description"] = told
    return schema


def _json_value(value: Any) -> Any:
    return enum_values(type(value))[value] if isinstance(value, enum.Enum) else value


def _choice(values: list[Any]) -> Schema:
    kinds = {type(value) for value in values}
    if not kinds <= {str, int, bool, NoneType}:
        raise _NoPlace(f"one of {values}")
    schema = dict(_PLAIN[kinds.pop()]) if len(kinds) == 1 else {}
    return {**schema, "enum": values}


def _tuple(inner: tuple[Any, ...], depth: int) -> Schema:
    if not inner or inner[-1] is Ellipsis:
        return _container(list[inner[0]] if inner else list, list, depth)  # type: ignore[valid-type]
    arms = [_schema(one, depth + 1) for one in inner]
    same = all(arm == arms[0] for arm in arms)
    items = arms[0] if same else {"anyOf": arms}
    return {"type": "array", "items": items, "minItems": len(arms), "maxItems": len(arms)}


def _is_struct(kind: type) -> bool:
    import msgspec

    return issubclass(kind, msgspec.Struct)


def _record(kind: type, depth: int) -> Schema:
    """Describe a dataclass, TypedDict or Struct by its fields."""
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except Exception as error:  # noqa: BLE001 - an annotation is code, and may fail in any way
        raise _NoPlace(f"{kind.__qualname__}, whose annotations cannot be read: {error}") from None
    _, told = read_docs(inspect.getdoc(kind) or "")
    properties = {}
    for name in _fields(kind, hints):
        properties[name] = _schema(hints[name], depth + 1)
        if name in told:
            properties[name]["description"] = told[name]
    required = sorted(_required(kind, hints), key=list(hints).index)
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _fields(kind: type, hints: Mapping[str, Any]) -> list[str]:
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind) if field.init]
    return [name for name, hint in hints.items() if get_origin(hint) is not typing.ClassVar]


def _required(kind: type, hints: Mapping[str, Any]) -> set[str]:
    if dataclasses.is_dataclass(kind):
        missing = dataclasses.MISSING
        return {
            field.name
            for field in dataclasses.fields(kind)
            if field.init and field.default is missing and field.default_factory is missing
        }
    if typing.is_typeddict(kind):
        keys: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
        return set(keys) & set(hints)
    import msgspec

    return {field.name for field in msgspec.structs.fields(kind) if field.required}


def _inlined(schema: Any, definitions: Mapping[str, Any], opened: tuple[str, ...] = ()) -> Any:
    """Put definitions where they are referred to: a reference means nothing inside a request."""
    if isinstance(schema, list):
        return [_inlined(one, definitions, opened) for one in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {
        name: _inlined(value, definitions, opened)
        for name, value in schema.items()
        if name not in {"$ref", "$defs"}
    }
    target = str(schema.get("$ref", "")).rpartition("/")[2]
    if target in opened:  # a type that holds itself
        return {"type": "object", **rest}
    if target in definitions:
        return {**_inlined(definitions[target], definitions, (*opened, target)), **rest}
    return rest
