"""
Reading JSON into structs: fast when it fits, forgiving when it does not.

Servers that speak "the OpenAI API" agree on the outline and on little else: ``created`` is a float
here, an ``index`` a string there, a character is cut into two lone surrogates. A field that does
not fit is left at its default; what nobody can read at all is a ValueError.
"""

from __future__ import annotations

import functools
import json
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")

DEPTH = 400
"""How deep a JSON text may nest: far above any real answer, far below the interpreter's limit."""


class _Misfit(Exception):  # noqa: N818 - it never leaves this module
    """A value that has no place in the asked type."""


def read_json(data: bytes | str) -> Any:
    """
    Read any JSON text, lone surrogates and NaN included.

    Raises
    ------
    ValueError
        It is not JSON, or nests deeper than anything real.
    """
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise ValueError("nested too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        # json takes lone surrogates, NaN and huge numbers, which msgspec rightly refuses
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        return json.loads(text, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more of them than Python reads
        return float(digits)


def read_as(data: bytes | str, type_: type[T]) -> T:
    """
    Read a JSON object into a struct; fields that do not fit keep their defaults.

    Raises
    ------
    ValueError
        It is not a JSON object.
    """
    try:
        decoded: T = _decoder(cast("Any", type_)).decode(data)
    except RecursionError:
        raise ValueError("nested too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return fit(read_json(data), type_)
    return decoded


def fit(value: Any, type_: type[T]) -> T:
    """
    Put a plain value into a struct; fields that do not fit keep their defaults.

    Raises
    ------
    ValueError
        The value is not an object.
    """
    try:
        fitted: T = _fit(value, type_, DEPTH)
    except _Misfit:
        raise ValueError(f"expected an object, got {type(value).__name__}") from None
    return fitted


@functools.cache
def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_)


@functools.cache
def _fields(type_: type) -> dict[str, Any]:
    hints = get_type_hints(type_)
    return {field.encode_name: hints[field.name] for field in msgspec.structs.fields(type_)}


def _fit(value: Any, type_: Any, depth: int) -> Any:
    if depth <= 0:
        raise _Misfit
    origin = get_origin(type_)
    if origin in {Union, UnionType}:
        return _fit_union(value, get_args(type_), depth)
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return _fit_struct(value, type_, depth)
    if origin is list:
        if not isinstance(value, list):
            raise _Misfit
        (item,) = get_args(type_)
        return [fitted for one in value if (fitted := _try(one, item, depth)) is not _NOTHING]
    if type_ is Any:
        return value
    if type_ is str and type(value) is int:  # an id or a code that one server writes as a number
        return str(value)
    try:
        return msgspec.convert(value, type_, strict=False)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        raise _Misfit from None


_NOTHING: Any = object()


def _try(value: Any, type_: Any, depth: int) -> Any:
    try:
        return _fit(value, type_, depth - 1)
    except _Misfit:
        return _NOTHING


def _fit_struct(value: Any, type_: type[msgspec.Struct], depth: int) -> msgspec.Struct:
    if not isinstance(value, dict):
        raise _Misfit
    arguments = {}
    for name, hint in _fields(type_).items():
        if name in value and (fitted := _try(value[name], hint, depth)) is not _NOTHING:
            arguments[name] = fitted
    return type_(**arguments)


def _fit_union(value: Any, arms: tuple[Any, ...], depth: int) -> Any:
    if value is None and NoneType in arms:
        return None
    for arm in arms:
        # the exact kind first, so that "12" stays a string where strings are welcome
        if arm is type(value):
            return value
    for arm in arms:
        if arm is not NoneType and (fitted := _try(value, arm, depth)) is not _NOTHING:
            return fitted
    raise _Misfit
