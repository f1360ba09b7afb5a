"""
A command's options, written once: the parser, the help, the completion and the docs read them here.

An option is a field of the command's frozen record, so a parsed line is a typed value.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbnebius.commands.quoting import unquote
from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

Kind: TypeAlias = Literal["text", "whole", "number", "switch", "list", "pairs"]

MANUAL = "nbnebius.option"
SHOWN = 60  # characters of a value in an error


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its field's name, its flags, what it takes and what it means."""

    name: str
    flags: tuple[str, ...]
    kind: Kind
    metavar: str
    help: str
    choices: tuple[str, ...] = ()

    @property
    def takes_value(self) -> bool:
        """Whether a value follows the flag."""
        return self.kind != "switch"

    @property
    def repeats(self) -> bool:
        """Whether the flag may stand more than once."""
        return self.kind in {"list", "pairs"}

    @property
    def long(self) -> str:
        """The long flag."""
        return self.flags[-1]


def option(
    *flags: str,
    kind: Kind = "text",
    metavar: str = "",
    help: str,
    choices: tuple[str, ...] = (),
    default: Any = None,
) -> Any:
    """Declare a field that a flag sets; without a `default` it is None, False or empty."""
    empty: Any = {"switch": False, "list": (), "pairs": ()}.get(kind)
    return field(
        default=empty if default is None else default,
        metadata={
            MANUAL: {
                "flags": flags,
                "kind": kind,
                "metavar": metavar,
                "help": help,
                "choices": choices,
            }
        },
    )


def options_of(record: type[Any]) -> tuple[Option, ...]:
    """List the options of a record, in the order they are written."""
    found = []
    for each in dataclasses.fields(record):
        manual = each.metadata.get(MANUAL)
        if manual:
            flags = manual["flags"] or (f"--{each.name.replace('_', '-')}",)
            metavar = manual["metavar"] or each.name.replace("_", " ").upper()
            found.append(
                Option(each.name, flags, manual["kind"], metavar, manual["help"], manual["choices"])
            )
    return tuple(found)


def read_value(option: Option, text: str) -> Any:
    """
    Turn a flag's value into what the option takes.

    Raises
    ------
    OptionError
        It is no number, no choice, or no ``name=value``.
    """
    readers: dict[str, Callable[[str], Any]] = {"whole": int, "number": _number, "pairs": _pair}
    try:
        value = readers.get(option.kind, str)(text)
    except ValueError:
        expects = {
            "whole": "a whole number",
            "number": "a number",
            "pairs": "name=value, in quotes where it holds blanks",
        }
        raise OptionError(
            f"{option.long} cannot be {text[:SHOWN]!r}",
            why=f"it takes {expects[option.kind]}",
            hint=f"{option.long} {option.metavar}: {option.help}",
        ) from None
    if option.choices and value not in option.choices:
        raise OptionError(
            f"{option.long} cannot be {text[:SHOWN]!r}",
            why="it takes " + " or ".join(option.choices),
        )
    return value


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _pair(text: str) -> tuple[str, Any]:
    import json

    name, equals, value = text.partition("=")
    if value[:1] == "'":
        value = unquote(value)  # as a shell takes quotes around JSON
    if not equals or not name.strip().isidentifier():
        raise ValueError
    try:
        return name.strip(), json.loads(value, parse_constant=_no_number)
    except (ValueError, RecursionError):
        # What begins like JSON and is none was cut at a blank, or misspelled.
        if value[:1] in {"{", "[", '"'} and not value.startswith("{{"):
            raise ValueError from None
        return name.strip(), value


def _no_number(name: str) -> Any:
    raise ValueError(name)
