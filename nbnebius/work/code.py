"""The code of an answer: what stands in its fences."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

__all__ = ["Fence", "fences", "joined_code", "longest_code"]

_PYTHON: Final = frozenset({"python", "py", "python3", "ipython", "ipython3", "pycon"})
_MOST: Final = 200_000


@dataclass(frozen=True, slots=True)
class Fence:
    """
    A block of code in an answer.

    Attributes
    ----------
    language
        What the fence says it is, in lower case; "" where it says nothing.
    code
        What stands in it, without the indentation of a list that it is part of.
    closed
        Whether the fence ends: an answer that was cut off may end in the middle of a block.
    """

    language: str
    code: str
    closed: bool


def fences(text: str) -> list[Fence]:
    r"""
    Find the fenced blocks of an answer, in order.

    Examples
    --------
    >>> [fence.code for fence in fences("So:\n```python\nprint(1)\n```")]
    ['print(1)\n']
    """
    from markdown_it import MarkdownIt

    text = text[:_MOST]
    lines = text.split("\n")  # as Markdown counts them
    tokens = MarkdownIt("commonmark", {"maxNesting": 20}).parse(text)
    return [_fence(token, lines) for token in tokens if token.type == "fence"]


def _fence(token: Token, lines: Sequence[str]) -> Fence:
    words = token.info.split()
    language = words[0].strip("{}.").lower() if words else ""
    first, end = token.map or (0, 0)
    closed = end - first > 1 and lines[end - 1].strip(" >\t").startswith(token.markup)
    return Fence(language, token.content, closed)


def joined_code(text: str) -> str:
    """
    Give the Python of an answer as one cell: its blocks, in order, with a line between them.

    Where no block says that it is Python, the longest that could be is taken. "" for none; a block
    that the answer broke off in is none.
    """
    found = [fence.code.strip("\n") for fence in _python(text)]
    return "\n\n".join(found)


def longest_code(text: str) -> str:
    """Give the longest Python block of an answer; "" for none."""
    found = [fence.code.strip("\n") for fence in _python(text)]
    return max(found, key=len, default="")


def _python(text: str) -> list[Fence]:
    whole = [fence for fence in fences(text) if fence.closed and fence.code.strip()]
    named = [fence for fence in whole if fence.language in _PYTHON]
    if named:
        return named
    unnamed = [fence for fence in whole if not fence.language and _is_python(fence.code)]
    return [max(unnamed, key=lambda fence: len(fence.code))] if unnamed else []


def _is_python(code: str) -> bool:
    magic = [line for line in code.splitlines() if line.lstrip().startswith(("%", "!"))]
    tree: Any = None
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return bool(magic)
    return bool(tree.body)
