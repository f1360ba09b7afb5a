"""What a docstring says about a function and about each of its parameters."""

from __future__ import annotations

import inspect
import re
from typing import Final

LONGEST_DESCRIPTION: Final = 1024
"""Characters of a description; services refuse longer ones."""

_NUMPY: Final = re.compile(r"^(\w[\w ]*)\n-{3,}[ \t]*$", re.MULTILINE)
_SECTIONS: Final = (
    "args|arguments|parameters|params|keyword args|keyword arguments|other parameters|attributes|"
    "returns?|yields?|raises|examples?|notes?|warnings?|warns|see also|references|todo"
)
_GOOGLE: Final = re.compile(rf"^({_SECTIONS}):[ \t]*$", re.MULTILINE | re.IGNORECASE)
_SPHINX: Final = re.compile(r"^:(\w+)([^:\n]*):", re.MULTILINE)
_PARAMETERS: Final = frozenset(
    {
        "args",
        "arguments",
        "parameters",
        "params",
        "keyword args",
        "keyword arguments",
        "other parameters",
        "attributes",
    }
)
_SPHINX_PARAMETERS: Final = frozenset({"param", "parameter", "arg", "argument", "key", "keyword"})
_NAMES: Final = re.compile(r"^(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")
_GOOGLE_ENTRY: Final = re.compile(r"^(\*{0,2}\w+)\s*(?:\(.*?\))?\s*:\s*(.*)$")


def read_docs(docstring: str | None) -> tuple[str, dict[str, str]]:
    r"""
    Give a docstring's description, and what it says of each parameter.

    The styles of NumPy, Google and Sphinx are read. The description is all that stands before
    the first section.

    Examples
    --------
    >>> read_docs("Tell the weather.\n\nArgs:\n    city: a town's name")
    ('Tell the weather.', {'city': "a town's name"})
    """
    text = inspect.cleandoc(docstring or "").replace("\r\n", "\n")
    cuts = [found.start() for style in (_NUMPY, _GOOGLE, _SPHINX) if (found := style.search(text))]
    description = text[: min(cuts, default=len(text))].strip()
    entries = {**_read_sphinx(text), **_read_google(text), **_read_numpy(text)}
    return _short(description), {name: _short(told) for name, told in entries.items() if told}


def _read_numpy(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for section in _sections(text, _NUMPY):
        names: list[str] = []
        for line in section.splitlines():
            if line[:1].strip():
                entry = _NAMES.match(line)
                names = re.split(r"\s*,\s*", entry[1]) if entry else []
                found.update({name.lstrip("*"): "" for name in names})
            else:
                _grow(found, names, line)
    return found


def _read_google(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for section in _sections(text, _GOOGLE):
        lines = [line for line in section.splitlines() if line.strip()]
        indent = _indent(lines[0]) if lines else 0
        names: list[str] = []
        for line in lines:
            if indent == 0 or _indent(line) < indent:
                break
            entry = _GOOGLE_ENTRY.match(line.strip()) if _indent(line) == indent else None
            if entry:
                names = [entry[1]]
                found[entry[1].lstrip("*")] = entry[2]
            else:
                _grow(found, names, line)
    return found


def _read_sphinx(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.splitlines():
        field = _SPHINX.match(line)
        if field:
            words = field[2].split()
            names = words[-1:] if field[1] in _SPHINX_PARAMETERS else []
            found.update({name.lstrip("*"): line[field.end() :].strip() for name in names})
        elif line[:1].strip():
            names = []
        else:
            _grow(found, names, line)
    return found


def _sections(text: str, headings: re.Pattern[str]) -> list[str]:
    """Give the bodies of the sections that list parameters."""
    marks = list(headings.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    return [
        text[mark.end() : end].lstrip("\n")
        for mark, end in zip(marks, ends, strict=False)
        if mark[1].strip().lower() in _PARAMETERS
    ]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _grow(found: dict[str, str], names: list[str], line: str) -> None:
    for name in (name.lstrip("*") for name in names):
        found[name] = f"{found[name]} {line.strip()}".strip()


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else text[: LONGEST_DESCRIPTION - 1] + "…"
