"""What may stand at the cursor in a magic's line or a cell's body; a pure reading of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbnebius.commands import COMMANDS
from nbnebius.commands.nebius import VERBS
from nbnebius.commands.place import Place, flags_at, place_of
from nbnebius.commands.quoting import quote
from nbnebius.magics.sources import (
    SOURCES,
    Asked,
    Suggestion,
    columns_of,
    frame_of,
    is_frame,
    variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbnebius.commands.option import Option

BRACES = re.compile(r"\{\{\s*((?:[^\W\d][\w.]*)?)$")
COLUMN = re.compile(r"(?<!\{)\{([^{}\n]*)$")
BATCH_VERBS = ("wait", "cancel", "results")
LONGEST_NOTE = 48  # characters that a popup shows beside a name

Found = tuple[str, list[Suggestion]]
"""The fragment that is replaced, and what may replace it."""


def suggest_line(name: str, before: str, after: str, names: Mapping[str, Any]) -> Found:
    """
    Suggest for the line of a magic.

    Parameters
    ----------
    name
        The magic's own name, without percent signs.
    before, after
        The line up to the cursor and from it on, without the magic's name.
    names
        The user's variables.
    """
    if found := BRACES.search(before):
        return found[1], _expressions(found[1], names)
    if name == "nebius":
        return _verb(before, names)
    command = COMMANDS[name]
    place = place_of(before, command.options, prose=command.prose)
    line = place_of(f"{before}{after} ", command.options, prose=command.prose)
    asked = Asked(name, place, line, names)
    if place.what == "text":
        whole = not command.prose and not place.words
        text = command.line_text or command.text_field
        source = SOURCES.get(f"{name}.{text}") or SOURCES.get(text) if whole else None
        told = list(source(asked)) if source else _batch_words(name, place)
        return _fitting(place, told) if told else _flags_first(place, command.options)
    return _flag_or_value(asked, command.options)


def suggest_body(name: str, head: str, before: str, names: Mapping[str, Any]) -> Found:
    """Suggest for a cell's body: variables after ``{{``, columns of a map's frame after ``{``."""
    if found := BRACES.search(before):
        return found[1], _expressions(found[1], names)
    command = COMMANDS[name]
    if command.line_text and (found := COLUMN.search(before)):
        line = place_of(f"{head} ", command.options, prose=command.prose)
        columns = columns_of(frame_of(Asked(name, line, line, names)))
        return found[1], [Suggestion(c, "column") for c in columns if c.startswith(found[1])]
    return "", []


def _verb(before: str, names: Mapping[str, Any]) -> Found:
    word, blank, rest = before.lstrip().partition(" ")
    if not blank:
        told = [Suggestion(verb.name, verb.forms[0][1]) for verb in VERBS.values()]
        return _fitting(Place(fragment=word), told)
    verb = VERBS.get(word)
    if verb is None:
        return "", []
    place = place_of(rest, verb.options, prose=False)
    asked = Asked(word, place, place, names)
    if place.what != "text":
        return _flag_or_value(asked, verb.options)
    found = [Suggestion(w, word) for w in verb.words] if not place.words else []
    if source := SOURCES.get(verb.takes):
        found += source(asked)
    return _fitting(place, found) if found else _flags_first(place, verb.options)


def _flag_or_value(asked: Asked, options: Sequence[Option]) -> Found:
    place = asked.place
    if place.what == "flag" or place.option is None:
        return place.fragment, _flags(place, options)
    option = place.option
    if option.choices:
        return _fitting(place, [Suggestion(choice, option.long) for choice in option.choices])
    source = SOURCES.get(f"{asked.command}.{option.name}") or SOURCES.get(option.name)
    if source is None:
        return "", []
    if option.name == "tools":
        place.fragment = place.fragment.rpartition(",")[2].lstrip()
    return _fitting(place, list(source(asked)))


def _flags_first(place: Place, options: Sequence[Option]) -> Found:
    """Offer the flags where nothing is written yet."""
    return place.fragment, [] if place.fragment else _flags(place, options)


def _flags(place: Place, options: Sequence[Option]) -> list[Suggestion]:
    return [
        Suggestion(
            flag, _short(f"{option.metavar}: {option.help}" if option.takes_value else option.help)
        )
        for flag, option in flags_at(place, options).items()
    ]


def _fitting(place: Place, found: Iterable[Suggestion]) -> Found:
    """Keep what begins as the fragment does; where nothing does, what holds it."""
    low = place.fragment.lower()
    every = list(dict.fromkeys(found))
    kept = [one for one in every if one.text.lower().startswith(low)]
    if not kept and len(low) > 1:
        kept = [one for one in every if low in one.text.lower()]
    return place.fragment, [Suggestion(_written(one.text), _short(one.note)) for one in kept]


def _written(text: str) -> str:
    """Write a value as a line takes it; a folder stays open for what follows."""
    return text if text.endswith("/") else quote(text)


def _batch_words(name: str, place: Place) -> list[Suggestion]:
    if name != "batches" or len(place.words) != 1:
        return []
    return [Suggestion(word, "batch") for word in BATCH_VERBS]


def _expressions(fragment: str, names: Mapping[str, Any]) -> list[Suggestion]:
    """Name variables; after a dot, a variable's columns and attributes."""
    base, dot, begun = fragment.rpartition(".")
    if not dot:
        asked = Asked("", Place(), Place(), names)
        return [one for one in variables(asked) if one.text.startswith(fragment)]
    value = names.get(base)
    if value is None:
        return []
    inside = [c for c in columns_of(value) if c.isidentifier()] if is_frame(value) else []
    inside = inside or [a for a in dir(value) if not a.startswith("_")]
    return [Suggestion(f"{base}.{name}", base) for name in inside if name.startswith(begun)]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 1].rstrip()}…"
