"""A command: one thing a magic does, with its options, its help and the cell that would do it."""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbnebius.commands.line import split_line
from nbnebius.commands.option import Option, options_of

if TYPE_CHECKING:
    from collections.abc import Sequence

R = TypeVar("R")


@dataclass(frozen=True)
class Command(Generic[R]):
    """
    A command of one magic.

    Attributes
    ----------
    name
        The magic's name, without percent signs.
    record
        The frozen record that a parsed line becomes.
    summary
        What it does, in a sentence.
    usage
        The forms it has, a line each.
    examples
        Three examples that run, each the text of a cell.
    text_field
        The record's field for the text: the line's rest, or the cell's body.
    line_text
        In the cell form, whether text may stand on the line too (it goes to that field).
    """

    name: str
    record: type[R]
    summary: str
    usage: tuple[str, ...]
    examples: tuple[str, ...]
    text_field: str = "text"
    line_text: str | None = None
    notes: str = ""

    @property
    def options(self) -> tuple[Option, ...]:
        """The options, in the order they are shown."""
        return options_of(self.record)

    def parse(self, line: str, cell: str | None = None) -> R:
        """
        Turn a magic's line, and a cell's body, into the record.

        Raises
        ------
        OptionError
            A flag or a value that makes no sense.
        """
        parsed = split_line(line, self.options, prose=cell is None or self.line_text is not None)
        values = parsed.values
        if parsed.out:
            values["out"] = parsed.out
        if parsed.show:
            values["show"] = True
        if cell is None:
            values[self.text_field] = parsed.text
        else:
            values[self.text_field] = cell.removesuffix("\n")
            if self.line_text:
                values[self.line_text] = parsed.text
        return self.record(**values)

    def help(self) -> str:
        """Give the manual: what it does, its forms, its options and three examples."""
        lines = [self.summary, "", *(f"    {form}" for form in self.usage), ""]
        width = max(len(_left(option)) for option in self.options) + 2
        for option in self.options:
            lines += _paragraph(_left(option), option.help, min(width, 30))
        if self.notes:
            lines += ["", *textwrap.wrap(self.notes, 88)]
        lines += ["", "Examples:"]
        for example in self.examples:
            lines += ["", textwrap.indent(example, "    ")]
        return "\n".join(lines)

    def to_cell(self, record: R) -> str:
        """Write the cell that gives this record when it is run."""
        values = {
            each.name: getattr(record, each.name)
            for each in dataclasses.fields(record)  # type: ignore[arg-type]
        }
        words = [word for option in self.options for word in _words(option, values[option.name])]
        text = str(values.get(self.text_field, ""))
        percent = "%%" if "\n" in text else "%"
        head = f"{percent}{self.name} " + " ".join(words)
        if percent == "%%":
            return f"{head.rstrip()}\n{text}\n"
        guard = "-- " if text.startswith("-") or " --" in text else ""
        return f"{head.rstrip()} {guard}{text}".rstrip() + "\n"


def _words(option: Option, value: Any) -> Sequence[str]:
    if value in (None, False, ()):
        return []
    if option.kind == "switch":
        return [option.long]
    if option.kind == "pairs":
        import json

        return [w for k, v in value for w in (option.long, _quoted(f"{k}={json.dumps(v)}"))]
    values = value if option.repeats else [value]
    return [word for each in values for word in (option.long, _quoted(str(each)))]


def _quoted(text: str) -> str:
    if text and not any(c in text for c in " \t\n\"'\\"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _left(option: Option) -> str:
    left = ", ".join(option.flags)
    return f"{left} {option.metavar}" if option.takes_value else left


def _paragraph(left: str, right: str, width: int) -> list[str]:
    wrapped = textwrap.wrap(right, 88 - width) or [""]
    first = f"  {left:<{width}}" if len(left) < width else f"  {left}  "
    if len(left) >= width:
        return [f"  {left}", *(" " * (width + 2) + line for line in wrapped)]
    return [first + wrapped[0], *(" " * (width + 2) + line for line in wrapped[1:])]
