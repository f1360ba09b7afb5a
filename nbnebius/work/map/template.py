"""
A row's prompt: text with ``{column}`` in it.

An identifier in braces, or anything that is a column's name, is a column; other braces are text, so
that JSON needs no escaping. Text that came from a variable is never looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Doubled braces are not a column's: {{name}} is a notebook's variable, filled before.
PLACE = re.compile(r"(?<!\{)\{([^{}\n]+)\}(?!\})")
SHOWN = 12  # columns in an error


@dataclass(frozen=True, slots=True)
class Template:
    """
    A parsed row template.

    Attributes
    ----------
    texts
        What stands before, between and after the columns: one more than `places`.
    places
        For each place, which of `columns` stands there.
    columns
        The columns' names, each once, in the order of their first use.
    """

    texts: tuple[str, ...]
    places: tuple[int, ...]
    columns: tuple[str, ...]

    def fill(self, values: Sequence[Any]) -> str | None:
        """
        Write one row's prompt; None where a value is missing, or all of them are blank.

        Parameters
        ----------
        values
            One per column; None is missing.
        """
        told: list[str] = []
        blank = True
        for value in values:
            if value is None:
                return None
            text = value if isinstance(value, str) else _written(value)
            blank = blank and not text.strip()
            told.append(text)
        if blank:
            return None
        parts = [self.texts[0]]
        for place, text in zip(self.places, self.texts[1:], strict=True):
            parts.append(told[place])
            parts.append(text)
        return "".join(parts)


def parse(
    prompt: str | Sequence[tuple[str, bool]], columns: Sequence[str], *, strict: bool = True
) -> Template:
    """
    Parse a row template.

    Parameters
    ----------
    prompt
        The text; or its pieces, each with whether it came from a variable and is only text.
    columns
        The frame's columns.
    strict
        An identifier that is no column is an error; else it is text.

    Raises
    ------
    OptionError
        No column at all, or an identifier that is none (the nearest is named).
    """
    known = frozenset(columns)
    texts, places = [""], []
    used: dict[str, int] = {}
    for piece, from_value in [(prompt, False)] if isinstance(prompt, str) else prompt:
        end = 0
        for found in () if from_value else PLACE.finditer(piece):
            name = found[1] if found[1] in known else found[1].strip()
            if name not in known:
                if strict and name.isidentifier():
                    raise _no_column(name, columns)
                continue
            texts[-1] += piece[end : found.start()]
            places.append(used.setdefault(name, len(used)))
            texts.append("")
            end = found.end()
        texts[-1] += piece[end:]
    if not places:
        raise OptionError(
            "The prompt names no column, so every row would ask the same",
            why=f"a column stands in braces, as {{{columns[0] if columns else 'text'}}}",
            hint="the frame's columns are " + ", ".join(columns[:SHOWN]),
        )
    return Template(tuple(texts), tuple(places), tuple(used))


def _no_column(name: str, columns: Sequence[str]) -> OptionError:
    near = get_close_matches(name, columns, n=1)
    return OptionError(
        f"The frame has no column {name!r}",
        why=f"did you mean {near[0]}?" if near else "",
        hint="its columns are " + ", ".join(columns[:SHOWN]),
    )


def _written(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        raise OptionError("A column holds bytes, and a prompt is text", hint="decode it first")
    return str(value)
