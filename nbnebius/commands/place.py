"""
What stands at the cursor of a half-written line: a flag, a flag's value, or the text.

It reads the grammar of `nbnebius.commands.line`, and never raises: a line that is being typed is
mostly wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from nbnebius.commands.line import CAPTURE, next_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.commands.option import Option

What: TypeAlias = Literal["flag", "value", "text"]


@dataclass(slots=True)
class Place:
    """
    The cursor's place in a line.

    Attributes
    ----------
    what
        What is being written: a flag, a flag's value, or a word of the text.
    fragment
        How it begins: what a completion replaces.
    option
        The option whose value it is.
    words
        The words of the text that stand before it.
    values
        What flags have been given, by option name, as written; switches give "".
    """

    what: What = "text"
    fragment: str = ""
    option: Option | None = None
    words: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    flags_end: bool = False


def place_of(line: str, options: Sequence[Option], *, prose: bool) -> Place:
    """
    Say what stands at the end of `line`: all that follows a magic's name, up to the cursor.

    Parameters
    ----------
    line
        The line up to the cursor.
    options
        What the command takes.
    prose
        Whether its text is prose, in which a short flag is a word like any other.
    """
    flags = {flag: option for option in options for flag in option.flags}
    place = Place()
    tail = False  # flags may follow the text once a long one does
    pending: Option | None = None
    for word, ends in _words(line):
        at_cursor = not ends
        if pending is not None:
            place.values[pending.name] = word
            if at_cursor:
                return _value(place, pending, word)
            pending = None
        elif _may_be_flag(word, place, prose=prose, tail=tail):
            name, equals, value = word.partition("=")
            option = flags.get(name)
            if at_cursor and not (equals and option):
                place.what, place.fragment = "flag", word
                return place
            if at_cursor and option:
                return _value(place, option, value)
            tail = tail or option is not None
            _take(place, option, word, value)
            pending = option if option and option.takes_value and not equals else None
            place.flags_end = place.flags_end or word == "--"
        elif at_cursor:
            place.fragment = word
            return place
        else:
            place.words.append(word)
            tail = False
    if pending is not None:
        return _value(place, pending, "")
    return place


def _words(line: str) -> list[tuple[str, bool]]:
    """Cut a line into words, each with whether it has ended before the cursor."""
    capture = CAPTURE.match(line)
    start = capture.end() if capture else 0
    found = []
    while token := next_token(line, start):
        start = token.end
        if start < len(line) and not line[start].isspace():
            found.append((line[token.start :], False))  # a quote that is not closed yet
            break
        found.append((token.raw, start < len(line)))
    return found


def _may_be_flag(word: str, place: Place, *, prose: bool, tail: bool) -> bool:
    if not word.startswith("-") or place.flags_end:
        return False
    return word.startswith("--") or not prose or not place.words or tail


def _take(place: Place, option: Option | None, word: str, value: str) -> None:
    if option is not None:
        place.values[option.name] = value
    elif word != "--":
        place.words.append(word)


def _value(place: Place, option: Option, raw: str) -> Place:
    place.values.pop(option.name, None)
    place.what, place.option = "value", option
    place.fragment = raw[1:] if raw[:1] in {'"', "'"} else raw
    return place


def flags_at(place: Place, options: Sequence[Option]) -> Mapping[str, Option]:
    """Give the flags that may stand at a place: those that are not given yet, long ones first."""
    free = [o for o in options if o.repeats or o.name not in place.values]
    wanted: dict[str, Option] = {option.long: option for option in free}
    if len(place.fragment) == 1 or place.fragment.count("-") == 1:
        wanted |= {option.flags[0]: option for option in free}
    return {flag: o for flag, o in wanted.items() if flag.startswith(place.fragment)}
