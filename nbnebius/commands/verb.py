"""A verb of ``%nebius``: its forms, its flags, and what may follow it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

from nbnebius.commands.layout import paragraph, table_of
from nbnebius.commands.option import Option, options_of


@dataclass(frozen=True, slots=True)
class Verb:
    """
    One verb.

    Attributes
    ----------
    name
        The word after ``%nebius``.
    forms
        Each form it has, without ``%nebius``, with what that does.
    record
        Its flags, as a record; None where it has none.
    words
        What may follow it, where that is one of a few words.
    takes
        The kind of value that follows, for completion: ``setting``, ``magic``, ``path`` …
    notes
        What a user should know besides.
    """

    name: str
    forms: tuple[tuple[str, str], ...]
    record: type[Any] | None = None
    words: tuple[str, ...] = ()
    takes: str = ""
    notes: str = ""

    @property
    def options(self) -> tuple[Option, ...]:
        """Its flags, in the order they are shown."""
        return options_of(self.record) if self.record else ()

    def lines(self, width: int) -> list[str]:
        """Write its forms as two columns, the first one `width` characters wide."""
        return [
            line
            for form, text in self.forms
            for line in paragraph(f"    %nebius {form}".rstrip(), text, width, 98)
        ]

    def help(self) -> str:
        """Give its own part of the manual."""
        widest = max(len(form) for form, _ in self.forms) + len("    %nebius ") + 2
        lines = self.lines(min(widest, 42))
        if self.options:
            lines += ["", *table_of(self.options)]
        if self.notes:
            lines += ["", *textwrap.wrap(self.notes, 88)]
        return "\n".join(lines)
