"""Plain Python values as text: numbers, containers, exceptions, functions."""

from __future__ import annotations

import inspect
import json
import re
import reprlib
import textwrap
from typing import Any, Final

__all__ = ["anything", "cut", "exception", "function", "nested", "simple", "text"]

_MORE: Final = " … ({:,} more characters)"
_DEEPEST: Final = 8
# An object's address tells a model nothing, and would make every prompt a new one.
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_LONGEST_REPR: Final = 200


def cut(text: str, limit: int) -> str:
    """
    Cut a text to a length, and say how much is missing.

    Examples
    --------
    >>> cut("abcdefghij" * 10, 40)
    'abcdefghijabcdef … (84 more characters)'
    """
    if len(text) <= limit:
        return text
    keep = max(0, limit - len(_MORE.format(len(text))))
    return text[:keep] + _MORE.format(len(text) - keep)


def text(value: str, limit: int) -> str:  # noqa: ARG001 - the shape of all describers
    """Leave a text as it is."""
    return str(value)


def simple(value: Any, limit: int) -> str:  # noqa: ARG001 - the shape of all describers
    """Write a number or None as Python prints it."""
    return str(value)


def anything(value: Any, limit: int) -> str:
    """Write the ``repr``, or the type's name where making it fails."""
    try:
        return _ADDRESS.sub("", repr(value)[: 2 * limit])
    except Exception as error:  # noqa: BLE001 - a user's class may raise anything here
        return f"<{type(value).__qualname__}: its repr raises {type(error).__name__}>"


def nested(value: Any, limit: int) -> str:
    """Write a container as JSON as far as it is that, without going through all of a large one."""
    short = _shortened(value, limit, _DEEPEST)
    try:
        return json.dumps(short, ensure_ascii=False)
    except (TypeError, ValueError):
        return anything(short, limit)


def _shortened(value: Any, limit: int, depth: int) -> Any:
    """Copy a container with what cannot fit left out."""
    if depth == 0 and isinstance(value, dict | list | tuple | set | frozenset):
        return "…"
    if isinstance(value, dict):
        items = [
            (_key(key), _shortened(item, limit, depth - 1))
            for key, item, _ in zip(value, value.values(), range(limit), strict=False)
        ]
        return dict(items)
    if isinstance(value, list | tuple | set | frozenset):
        return [
            _shortened(item, limit, depth - 1) for item, _ in zip(value, range(limit), strict=False)
        ]
    if isinstance(value, str):
        return value[:limit]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _short_repr(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else _short_repr(key)


def _short_repr(value: Any) -> str:
    brief = reprlib.Repr()
    brief.maxother = brief.maxstring = _LONGEST_REPR
    try:
        return _ADDRESS.sub("", brief.repr(value))
    except Exception:  # noqa: BLE001 - a user's class may raise anything here
        return f"<{type(value).__qualname__}>"


def exception(value: BaseException, limit: int) -> str:
    """Write an exception's type, message, and what caused it."""
    lines = [_error_line(value, limit)]
    seen = {id(value)}
    cause = value.__cause__ or (None if value.__suppress_context__ else value.__context__)
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        lines.append(f"caused by {_error_line(cause, limit)}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(lines)


def _error_line(value: BaseException, limit: int) -> str:
    try:
        message = str(value)[:limit]
    except Exception:  # noqa: BLE001 - a user's class may raise anything here
        message = ""
    return f"{type(value).__name__}: {message}" if message else type(value).__name__


def function(value: Any, limit: int) -> str:
    """Write a function's or a class's source, or its signature where there is no source."""
    try:
        return textwrap.dedent(inspect.getsource(value)).rstrip()
    except (OSError, TypeError):
        pass
    name = getattr(value, "__qualname__", type(value).__qualname__)
    try:
        head = f"{name}{inspect.signature(value)}"
    except (ValueError, TypeError):
        return anything(value, limit)
    explained = inspect.getdoc(value)
    return f"{head}\n{explained}" if explained else head
