"""What a model wrote as a tool's arguments, as values that the tool takes."""

from __future__ import annotations

import enum
import typing
from contextlib import suppress
from pathlib import PurePath
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import msgspec

from nbnebius.types.loose import read_json
from nbnebius.work.tool_schema import enum_values
from nbnebius.work.tool_signature import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbnebius.work.tool_signature import Signature


class ArgumentsError(Exception):
    """Arguments that do not fit; its sentence is for the model."""


def read_arguments(text: str) -> dict[str, Any]:
    """
    Read the arguments of a call: the text of a JSON object, by now and then written twice.

    Raises
    ------
    ArgumentsError
        It is not the text of a JSON object.
    """
    if not text.strip():
        return {}
    try:
        value = read_json(text)
        if isinstance(value, str):
            value = read_json(value)
    except ValueError as error:
        raise ArgumentsError(f"the arguments are not valid JSON ({error})") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArgumentsError("the arguments must be one JSON object")
    return value


def fit_arguments(
    signature: Signature, given: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """
    Turn a model's arguments into those of a Python call: by place, and by name.

    A value is converted only where nothing is lost: ``"3"`` for an int, ``3`` for a string.

    Raises
    ------
    ArgumentsError
        One is missing, has no place, or does not fit; all of them are told.
    """
    told = {parameter.name for parameter in signature.parameters}
    wrong = [f"{parameter.name} is missing" for parameter in signature.parameters
             if parameter.required and parameter.name not in given]  # fmt: skip
    by_place: list[Any] = []
    by_name: dict[str, Any] = {}
    for parameter in signature.parameters:
        if parameter.name in given:
            try:
                value = fit(given[parameter.name], parameter.annotation)
            except ArgumentsError as error:
                wrong.append(f"{parameter.name}: {error}")
                continue
        elif parameter.by_place and not parameter.required:
            value = parameter.default  # what comes after it may be given
        else:
            continue
        if parameter.by_place:
            by_place.append(value)
        else:
            by_name[parameter.name] = value
    further = {name: value for name, value in given.items() if name not in told}
    if further and not signature.is_open:
        known = ", ".join(sorted(told)) or "none"
        wrong.append(f"there is no argument {', '.join(sorted(further))}; it takes: {known}")
    if wrong:
        raise ArgumentsError("; ".join(wrong))
    return by_place, {**by_name, **further}


def fit(value: Any, annotation: Any) -> Any:
    """
    Convert a JSON value to what an annotation asks for.

    Raises
    ------
    ArgumentsError
        It does not fit.
    """
    annotation = _bare(annotation)
    if annotation is EMPTY or annotation is Any or annotation is object:
        return value
    if get_origin(annotation) in {Union, UnionType}:
        return _fit_union(value, get_args(annotation))
    try:
        return _convert(value, annotation, strict=True)
    except ArgumentsError as error:
        first = error
    if annotation is str and isinstance(value, int | float) and not isinstance(value, bool):
        return msgspec.json.encode(value).decode()
    candidates = [value]
    if isinstance(value, str) and annotation is not str:
        candidates += _written_twice(value)
    for candidate in candidates:
        try:
            return _convert(candidate, annotation, strict=False)
        except ArgumentsError:
            continue
    raise first


def _bare(annotation: Any) -> Any:
    """Look behind ``Annotated``, NewType and the ``type`` statement."""
    while True:
        if get_origin(annotation) is typing.Annotated and not _has_limits(annotation):
            annotation = get_args(annotation)[0]
            continue
        further = getattr(annotation, "__supertype__", None) or getattr(
            annotation, "__value__", None
        )
        if further is None or isinstance(annotation, type):
            return annotation
        annotation = further


def _has_limits(annotation: Any) -> bool:
    return any(isinstance(one, msgspec.Meta) for one in get_args(annotation)[1:])


def _fit_union(value: Any, arms: tuple[Any, ...]) -> Any:
    """Take the first arm that the value fits as it is; else the first it can be made to fit."""
    if value is None and NoneType in arms:
        return None
    others = [arm for arm in arms if arm is not NoneType]
    wrong: list[str] = []
    for arm in others:
        with suppress(ArgumentsError):
            return _convert(value, _bare(arm), strict=True)
    for arm in others:
        try:
            return fit(value, arm)
        except ArgumentsError as error:
            wrong.append(str(error))
    raise ArgumentsError(" or ".join(dict.fromkeys(wrong)))


def _written_twice(value: str) -> list[Any]:
    """Read a list or an object that was written as text."""
    try:
        inner = read_json(value)
    except ValueError:
        return []
    return [inner] if isinstance(inner, list | dict) else []


def _convert(value: Any, annotation: Any, *, strict: bool) -> Any:
    if get_origin(annotation) is Literal and value not in _written(annotation):
        raise ArgumentsError(f"{value!r} is none of {_listed(_written(annotation))}")
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _member(value, annotation)
    if annotation is float and isinstance(value, str) and strict is False and not _is_number(value):
        raise ArgumentsError(f"Expected `float`, got {value!r}")
    try:
        return msgspec.convert(value, annotation, strict=strict, dec_hook=_foreign)
    except (msgspec.ValidationError, OverflowError) as error:
        raise ArgumentsError(str(error)) from None
    except UnicodeError:
        raise ArgumentsError("it holds half a character") from None
    except (TypeError, NameError, NotImplementedError):
        return value  # a type that only its function knows how to take


def _is_number(text: str) -> bool:
    """Tell a number from ``nan`` and ``inf``, which a model writes where it has none."""
    return any(character.isdigit() for character in text)


def _member(value: Any, kind: type[enum.Enum]) -> enum.Enum:
    written = enum_values(kind)
    for member, text in written.items():
        if type(value) is type(text) and value == text:
            return member
    for member in kind:
        if value == member.name or str(written[member]) == str(value):
            return member
    raise ArgumentsError(f"{value!r} is none of {_listed(written.values())}")


def _written(literal: Any) -> list[Any]:
    return [one.value if isinstance(one, enum.Enum) else one for one in get_args(literal)]


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(repr, values))


def _model(kind: Any, value: Any) -> Any:
    try:
        return kind.model_validate(value)
    except ValueError as error:
        told: list[Any] = getattr(error, "errors", list)()
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in told]
        raise ValueError("; ".join(lines) or str(error)) from None


def _foreign(kind: type, value: Any) -> Any:
    """Make what msgspec does not know: pydantic's models, and paths."""
    if hasattr(kind, "model_validate"):
        return _model(kind, value)
    if issubclass(kind, PurePath) and isinstance(value, str):
        return kind(value)
    raise NotImplementedError
