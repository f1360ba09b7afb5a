"""A command: one thing a magic does, with its options, its help and the cell that would do it."""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbnebius.commands.layout import table_of
from nbnebius.commands.line import CAPTURE, Text, split_line
from nbnebius.commands.option import Option, options_of
from nbnebius.commands.quoting import quote
from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Fields of a request that a magic, or the function below it, sees to itself.
RESERVED = frozenset({"messages", "prompt", "stream", "cache", "caller"})

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
        The field for what stands on the line of a command whose text is its body alone.
    notes
        What a user should know besides.
    has_cell
        Whether there is a cell form.
    prose
        Whether the line's text is prose; else it is one argument, with flags before or after it.
    """

    name: str
    record: type[R]
    summary: str
    usage: tuple[str, ...]
    examples: tuple[str, ...]
    text_field: str = "text"
    line_text: str | None = None
    notes: str = ""
    has_cell: bool = True
    prose: bool = True

    @property
    def options(self) -> tuple[Option, ...]:
        """The options, in the order they are shown."""
        return options_of(self.record)

    def parse(
        self,
        line: str,
        cell: str | None = None,
        *,
        fill: Callable[[Option, str], str] | None = None,
    ) -> R:
        """
        Turn a magic's line, and a cell's body, into the record.

        Parameters
        ----------
        line, cell
            As IPython gives them.
        fill
            Fills the ``{{…}}`` of an option's value; they stay where it is left out.

        Raises
        ------
        OptionError
            A flag or a value that makes no sense.
        """
        text: Text = "prose" if self.prose else "argument"
        if cell is not None and self.line_text is None:
            text = "none"
        parsed = split_line(line, self.options, text=text, fill=fill)
        values = parsed.values
        if parsed.out:
            values["out"] = parsed.out
        if parsed.show:
            values["show"] = True
        _check_pairs(values, self.options)
        if cell is None:
            values[self.line_text or self.text_field] = parsed.text
        else:
            values["cell"] = True
            values[self.text_field] = cell.removesuffix("\n")
            if self.line_text:
                values[self.line_text] = parsed.text
        return self.record(**values)

    def help(self) -> str:
        """Give the manual: what it does, its forms, its options and three examples."""
        lines = [self.summary, "", *(f"    {form}" for form in self.usage), ""]
        lines += table_of(self.options)
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
        text = str(values[self.text_field])
        first = ""
        if values["show"]:
            first = f" {values['out']} =<<"
            values["out"] = None
        usual = {each.name: each.default for each in dataclasses.fields(self.record)}  # type: ignore[arg-type]
        words = [
            word
            for option in self.options
            if values[option.name] != usual[option.name]
            for word in _words(option, values[option.name])
        ]
        if self.line_text:
            words.append(str(values[self.line_text]))
        head = " ".join([self.name + first, *words]).rstrip()
        if self.line_text:
            is_cell = bool(text)
        else:
            is_cell = self.has_cell and (values["cell"] or not _fits_line(text))
        if is_cell:
            return f"%%{head}\n{text}\n"
        guard = "-- " if "--" in text or text.startswith("-") or CAPTURE.match(text) else ""
        return f"%{head} {guard}{text}".rstrip() + "\n"


def _words(option: Option, value: Any) -> Sequence[str]:
    if value is None or value is False or value == ():
        return []
    if option.kind == "switch":
        return [option.long]
    if option.kind == "pairs":
        import json

        return [w for k, v in value for w in (option.long, quote(f"{k}={json.dumps(v)}"))]
    values = value if option.repeats else [value]
    return [word for each in values for word in (option.long, quote(str(each)))]


def _fits_line(text: str) -> bool:
    """Tell whether a text survives as a magic's line: IPython reads ends of lines in its way."""
    one_line = len(f"{text}_".splitlines()) == 1
    return one_line and text == text.strip() and not text.endswith("\\") and text.strip("?") != ""


def _check_pairs(values: Mapping[str, Any], options: Sequence[Option]) -> None:
    """Refuse a request's field that has a flag of its own, or is not the user's to set."""
    flags = {option.name: option.long for option in options}
    for pairs in (values.get(o.name, ()) for o in options if o.kind == "pairs"):
        for name, _ in pairs:
            if name in flags:
                raise OptionError(f"{name} has a flag of its own", hint=f"use {flags[name]}")
            if name in RESERVED:
                raise OptionError(f"{name} cannot be set", why="the magic itself sees to it")
