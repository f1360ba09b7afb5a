"""What a Python function takes, as far as a model can be told and can fill in."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
EMPTY: Final = inspect.Parameter.empty
"""Stands for an annotation or a default that is not there."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    One parameter; `annotation` and `default` are `EMPTY` where there is none.

    Attributes
    ----------
    by_place
        It can be given by its place only.
    """

    name: str
    annotation: Any
    default: Any
    by_place: bool

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is EMPTY


@dataclass(frozen=True, slots=True)
class Signature:
    """
    A function as a tool: its name, its text and its parameters.

    Attributes
    ----------
    is_open
        It takes further arguments of any name (``**``).
    """

    name: str
    docstring: str | None
    parameters: tuple[Parameter, ...]
    is_open: bool


def read_signature(function: Callable[..., Any]) -> Signature:
    """
    Read what a function takes.

    Raises
    ------
    OptionError
        It cannot be a tool: it has no name of its own, takes nameless arguments, gives pieces
        instead of a value, or Python does not know its signature.
    """
    source = _source(function)
    name = _name(source)
    if inspect.isgeneratorfunction(source) or inspect.isasyncgenfunction(source):
        raise _refusal(name, "it yields pieces", "return a list instead")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise _refusal(
            name, "Python does not know its signature", "wrap it in a function of your own"
        ) from None
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        raise _refusal(
            name, "it takes any number of arguments without names", "take one list instead"
        )
    hints = _hints(source)
    parameters = tuple(
        Parameter(
            parameter.name,
            hints.get(parameter.name, _known(parameter.annotation)),
            parameter.default,
            parameter.kind is inspect.Parameter.POSITIONAL_ONLY,
        )
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    )
    return Signature(name, _docstring(source), parameters, inspect.Parameter.VAR_KEYWORD in kinds)


def check_name(name: str) -> None:
    """
    Refuse a name that services do not take for a tool.

    Raises
    ------
    OptionError
        It has other than letters of ASCII, digits, ``_`` and ``-``, or more than 64 of them.
    """
    if not _NAME.fullmatch(name):
        raise _refusal(
            name,
            "a tool's name is 1 to 64 of A-Z, a-z, 0-9, _ and -",
            "give it a plain name with def",
        )


def _refusal(name: str, why: str, hint: str) -> OptionError:
    return OptionError(f"{name} cannot be a tool", why=why, hint=hint)


def _source(function: Callable[..., Any]) -> Any:
    """Find the function, or class, that was written down."""
    while isinstance(function, functools.partial):
        function = function.func
    source: Any = inspect.unwrap(function)
    return source


def _name(source: Any) -> str:
    name = getattr(source, "__name__", None) or type(source).__name__
    check_name(name)
    return str(name)


def _docstring(source: Any) -> str | None:
    if not (inspect.isroutine(source) or inspect.isclass(source)):
        return inspect.getdoc(type(source).__call__) or inspect.getdoc(source)
    return inspect.getdoc(source)


def _hints(source: Any) -> Mapping[str, Any]:
    """Give the annotations, evaluated; one that cannot be evaluated is left out."""
    if inspect.isclass(source):
        source = source.__init__
    elif not inspect.isroutine(source):
        source = type(source).__call__
    with suppress(Exception):  # an annotation is code, and may fail in any way
        return typing.get_type_hints(source, include_extras=True)
    found: dict[str, Any] = {}
    space = getattr(source, "__globals__", {})
    for name, annotation in getattr(source, "__annotations__", {}).items():
        alone: Any = SimpleNamespace(__annotations__={name: annotation})
        with suppress(Exception):  # likewise; imported for type checkers only, mostly
            found.update(typing.get_type_hints(alone, globalns=space, include_extras=True))
    return found


def _known(annotation: Any) -> Any:
    return EMPTY if isinstance(annotation, str) else annotation
