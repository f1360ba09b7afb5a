"""The variables that a piece of source names, with the values they had where it failed."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["involved"]

_WORD: Final = re.compile(r"[^\W\d]\w*")
_TEXT: Final = re.compile(r"\"{3}.*?\"{3}|'{3}.*?'{3}|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")


def involved(source: str, *scopes: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give the variables of a piece of source, in the order they stand there.

    Parameters
    ----------
    source
        A statement or a part of one; it need not be whole.
    *scopes
        Where names are looked up, the innermost first. Modules, names of Python's own, and
        functions and types of libraries are left out.

    Examples
    --------
    >>> involved("total = price * rate", {"price": 3, "rate": 2})
    {'price': 3, 'rate': 2}
    """
    found: dict[str, Any] = {}
    for name in _names(source):
        for scope in scopes:
            if name in scope:
                value = scope[name]
                if not _is_known(name, value):
                    found.setdefault(name, value)
                break
    return found


def _is_known(name: str, value: Any) -> bool:
    """Tell what a model knows already: modules, Python's own names, functions of libraries."""
    if isinstance(value, ModuleType) or name.startswith("__") or name == "get_ipython":
        return True
    if isinstance(value, type) or hasattr(value, "__code__"):
        return getattr(value, "__module__", None) != "__main__"
    return getattr(builtins, name, None) is value


def _names(source: str) -> Iterator[str]:
    text = textwrap.dedent(source).strip()
    for candidate in (text, f"{text}\n    pass", f"try:\n    pass\n{text}\n    pass"):
        try:
            tree = ast.parse(candidate)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                yield node.id
        return
    for word in _WORD.finditer(_TEXT.sub(" ", text)):
        yield word[0]
