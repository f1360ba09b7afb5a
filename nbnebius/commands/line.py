"""
The grammar of a magic's line.

``NAME <<`` (assign) or ``NAME =<<`` (assign and show) may come first, then flags, then the text,
verbatim. Flags may also stand as a tail at the end, if that begins with a long one. A short flag
in the middle of prose is prose; ``--`` ends the flags; values may be quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbnebius.commands.option import Option, read_value
from nbnebius.commands.quoting import unquote
from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CAPTURE = re.compile(r"\s*([^\W\d]\w*)\s*(=?<<)(?:\s+|$)")
# A quote protects blanks; one that follows a letter is an apostrophe.
TOKEN = re.compile(
    r"""\s*((?:
        [^\s"'{] | \{\{.*?\}\} | \{ | (?<=\w)["']
        | (?<!\w)"(?:\\.|[^"\\])*" | (?<!\w)'(?:\\.|[^'\\])*'
    )+ | ["'].*)""",
    re.DOTALL | re.VERBOSE,
)
FLAG = re.compile(r"--?[A-Za-z][\w-]*\Z")
DASHED = re.compile(r"--?[A-Za-z]")
COMMENT = re.compile(r"(?:^|\s+)#\s.*$")


Text: TypeAlias = Literal["prose", "argument", "none"]


class Template(str):
    """A value with ``{{…}}`` in it, which is read once it is filled."""

    __slots__ = ()


@dataclass(slots=True)
class Line:
    """A line taken apart: options by name, the text that remains, and where the answer goes."""

    values: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    out: str | None = None
    show: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it is written, quotes and all, and where it stands."""

    raw: str
    start: int
    end: int


def split_line(
    line: str,
    options: Sequence[Option],
    *,
    text: Text = "prose",
    fill: Callable[[Option, str], str] | None = None,
) -> Line:
    """
    Take a magic's line apart.

    Parameters
    ----------
    line
        Everything after the magic's name.
    options
        What the command takes.
    text
        What may remain: ``prose``, verbatim; one ``argument``, with flags on either side and a
        comment at its end; or ``none``.
    fill
        Fills the ``{{…}}`` of an option's value; left out, or with ``--raw``, they stay.

    Raises
    ------
    OptionError
        An unknown flag (the closest is named), a flag given twice, a value that is missing or makes
        no sense.
    """
    flags = {flag: option for option in options for flag in option.flags}
    result = Line()
    start = 0
    if text == "argument":
        line = COMMENT.sub("", line)
    if capture := CAPTURE.match(line):
        result.out, result.show = capture[1], capture[2] == "=<<"
        start = capture.end()
    start = _leading(line, start, flags, result)
    rest = line[start:]
    if rest.startswith("-- ") or rest.strip() == "--":
        result.text = rest[3:]
    elif (
        text == "argument"
        and (argument := next_token(line, start))
        and _ends(line, argument, flags)
    ):
        _leading(line, argument.end, flags, result)
        result.text = argument.raw
    else:
        result.text = _tail(rest, flags, result)
    _fill_templates(result, options, None if result.values.get("raw") else fill)
    if text == "none" and result.text.strip():
        word = result.text.split()[0]
        raise OptionError(
            f"{word!r} is no option",
            why="in a cell magic the line holds options only",
            hint="put the text into the cell's body, below the line",
        )
    if result.out and "out" in result.values:
        raise OptionError(f"The answer would go to both {result.out} and {result.values['out']}")
    result.out = result.values.pop("out", None) or result.out
    if result.out and (not result.out.isidentifier() or iskeyword(result.out)):
        raise OptionError(f"{result.out!r} is no variable name", hint="use a name, as -o answer")
    return result


def _fill_templates(
    line: Line, options: Sequence[Option], fill: Callable[[Option, str], str] | None
) -> None:
    def filled(option: Option, value: Any) -> Any:
        if not isinstance(value, Template):
            return value
        return read_value(option, fill(option, value) if fill else str(value))

    for option in options:
        value = line.values.get(option.name)
        if isinstance(value, tuple) and option.repeats:
            line.values[option.name] = tuple(filled(option, each) for each in value)
        elif isinstance(value, Template):
            line.values[option.name] = filled(option, value)


def _leading(line: str, start: int, flags: Mapping[str, Option], result: Line) -> int:
    while token := next_token(line, start):
        if token.raw == "--" or not token.raw.startswith("-"):
            break
        name, _, _ = token.raw.partition("=")
        if not DASHED.match(name):
            break
        if name not in flags or not FLAG.match(name):
            raise _unknown(name, flags)
        start = _take(line, token, flags, result)
    while start < len(line) and line[start] in " \t":
        start += 1
    return start


def _ends(line: str, argument: Token, flags: Mapping[str, Option]) -> bool:
    """Tell whether nothing but flags follows an argument; a flag that is wrong is an error."""
    if not line[argument.end :].lstrip().startswith("-"):
        return False
    return _leading(line, argument.end, flags, Line()) == len(line)


def _take(line: str, token: Token, flags: Mapping[str, Option], result: Line) -> int:
    name, equals, inline = token.raw.partition("=")
    option = flags[name]
    if not option.takes_value:
        if equals:
            raise OptionError(f"{name} takes no value")
        _store(option, True, result)  # noqa: FBT003 - a switch is on
        return token.end
    end = token.end
    if not equals:
        following = next_token(line, end)
        if following is None:
            raise OptionError(f"{name} needs a value", hint=f"{name} {option.metavar}")
        if following.raw in flags:
            raise OptionError(
                f"{name} needs a value",
                why=f"{following.raw} is a flag of its own",
                hint=f"{name} {option.metavar}; quote a value that looks like a flag",
            )
        inline, end = following.raw, following.end
    if end < len(line) and not line[end].isspace():
        raise OptionError("A quote is not closed", why=f"it begins at {line[end : end + 20]}")
    _store(option, _read(option, unquote(inline)), result)
    return end


def _read(option: Option, text: str) -> Any:
    return Template(text) if "{{" in text else read_value(option, text)


def _store(option: Option, value: Any, result: Line) -> None:
    if option.repeats:
        result.values[option.name] = (*result.values.get(option.name, ()), value)
    elif option.name in result.values:
        raise OptionError(f"{option.long} is given twice", hint="take one of them out")
    else:
        result.values[option.name] = value


def _tail(text: str, flags: Mapping[str, Option], result: Line) -> str:
    """Read the longest run of flags at the end that begins with a long one; give the rest."""
    longs = {flag: option for flag, option in flags.items() if flag.startswith("--")}
    for candidate in re.finditer(r"(?:^|(?<=\s))--[A-Za-z]", text):
        start = candidate.start()
        name = re.split(r"[\s=]", text[start:], maxsplit=1)[0]
        attempt = Line()
        try:
            end = _leading(text, start, flags, attempt)
        except OptionError:
            at_end = len(text[start:].split()) <= 2  # noqa: PLR2004 - a flag and its value
            # A misspelled flag at the very end is a mistake; in the middle it is prose.
            if name in longs and not any(t in longs for t in text[start + 2 :].split()):
                if at_end:
                    raise
            elif name not in longs and at_end and get_close_matches(name, longs, 1, 0.8):
                raise _unknown(name, flags) from None
            continue
        if text[end:].strip():
            continue
        for key, value in attempt.values.items():
            if key in result.values and not isinstance(value, tuple):
                raise OptionError(f"--{key.replace('_', '-')} is given twice")
            if isinstance(value, tuple):
                value = (*result.values.get(key, ()), *value)  # noqa: PLW2901 - lists grow
            result.values[key] = value
        return text[:start].rstrip()
    return text


def next_token(line: str, start: int) -> Token | None:
    """Give the first word from `start` on; None where nothing is left."""
    found = TOKEN.match(line, start)
    return Token(found[1], found.start(1), found.end(1)) if found else None


def _long_words(flags: Mapping[str, Option]) -> list[str]:
    return [flag[2:] for flag in flags if flag.startswith("--")]


def _unknown(name: str, flags: Mapping[str, Option]) -> OptionError:
    attached = next((flag for flag in flags if len(flag) == 2 and name.startswith(flag)), None)  # noqa: PLR2004 - a short flag
    if attached and not name.startswith("--"):
        return OptionError(
            f"There is no flag {name}",
            why=f"a value stands apart: {attached} {name[2:]}",
            hint="put -- before a text that begins with a dash; --help lists the flags",
        )
    word = name.lstrip("-")
    near = (
        [flag for flag in flags if flag.startswith(name)]
        or [flag for flag in flags if len(word) > 2 and word in flag]  # noqa: PLR2004 - a real word
        or [f"--{one}" for one in get_close_matches(word, _long_words(flags), 1, 0.6)]
    )
    return OptionError(
        f"There is no flag {name}",
        why=f"did you mean {near[0]}?" if near else "",
        hint="put -- before a text that begins with a dash; --help lists the flags",
    )
