"""
Secrets taken out of what goes into a prompt unread: an error's variables, source and messages.

A secret is known by its name (``api_key``, ``password``), by its shape (``sk-…``, a JSON web
token), or because a variable or the environment holds it under such a name.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from nbnebius.describe import frames
from nbnebius.describe.registry import describe
from nbnebius.describe.secrets import PLURALS, is_secret_name, of_environment
from nbnebius.transport.redact import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["describe_masked", "mask"]

# Every repetition that another search would begin again has an end, so that a long text takes no
# more time than its length. In code, rulers and long names have sixty characters too: a key has
# digits among its letters.
_SHAPES: Final = re.compile(
    r"""\b(?:
        v1\.[\w-]{20,} | eyJ[\w.-]{20,} | sk-[\w-]{16,} | gh[oprsu]_\w{20,} | github_pat_\w{20,}
        | glpat-[\w-]{16,} | hf_\w{20,} | xox[abeoprs]-[\w-]{10,} | A(?:KI|SI)A[A-Z0-9]{16}
        | AIza[\w-]{30,}
        | (?=[\w.-]{0,99}\d)(?=[\w.-]{0,99}[A-Za-z])[\w.-]{60,}
    )""",
    re.VERBOSE,
)
_BLOCK: Final = re.compile(
    r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL
)
_IN_ADDRESS: Final = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@'\"]*:)[^\s/@'\"]+(?=@)")
_HEADER: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{6,}")
# A name in code, in JSON or in a repr, and the text that it is given; quotes may be escaped.
_NAME: Final = r"(?<![A-Za-z_])(?P<name>[A-Za-z_][\w-]{0,60})"
_LITERAL: Final = (
    r"[rbfuRBFU]{0,2}"
    r"(?:\"{3}.*?\"{3}|'{3}.*?'{3}|\\+\"[^\"\\\n]*\\+\"|\\+'[^'\\\n]*\\+'"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
)
_ONE_LITERAL: Final = re.compile(_LITERAL, re.DOTALL)
_GIVEN: Final = re.compile(
    _NAME + r"(?P<between>\\*[\"']?\]?\s*(?::[\w.\[\] |]{1,99}=|==?|:)\s*)"
    r"(?P<text>" + _LITERAL + r"|[(\[{][^()\[\]{}]*)",
    re.DOTALL,
)
# The same without quotes: in an address, a connection's text, a shell's line, a repr (where a line
# ends in an escape).
_BARE: Final = re.compile(
    _NAME + r"(?P<between>[ \t]*[=:][ \t]*)(?P<text>(?:[^\s\"'()\[\]{},;&\\]|\\(?![nrt])){4,200})"
)
_FLAG: Final = re.compile(
    r"(?P<before>--?|%env\s+|export\s+|setx?\s+)"
    + _NAME
    + r"(?P<between>[ =])(?P<text>[^\s\"',;]{1,200})"
)
_CODE: Final = re.compile(r"(?:[A-Za-z_][\w.]*|[-+\d.]+|\*+|\.\.\.)\Z")
_TWO_DIGITS: Final = re.compile(r"(?:\D*\d){2}")
_LONG_NAME: Final = 12
_DEEPEST: Final = 6
_MOST_ITEMS: Final = 200


def mask(text: str, values: Sequence[str] = ()) -> str:
    """
    Hide what looks like a secret in a text: source, a message, a description.

    Parameters
    ----------
    text
        What is to be told.
    values
        Secrets that are known, as `secret_values` finds them.

    Examples
    --------
    >>> mask('connect(password="swordfish", port=5432)')
    'connect(password="***", port=5432)'
    """
    for value in (*values, *of_environment()):
        text = text.replace(value, HIDDEN)
    text = _BLOCK.sub(HIDDEN, text)
    text = _IN_ADDRESS.sub(rf"\g<1>{HIDDEN}", text)
    text = _HEADER.sub(rf"\g<1>\g<2>{HIDDEN}", text)
    text = _SHAPES.sub(HIDDEN, text)
    for pattern, hide in ((_GIVEN, _hide_given), (_FLAG, _hide_flag), (_BARE, _hide_bare)):
        text = _hidden(text, pattern, hide)
    return text


def _hidden(text: str, pattern: re.Pattern[str], hide: Callable[[re.Match[str]], str]) -> str:
    """Hide what a pattern finds after names of secrets; after others it may find more inside."""
    parts: list[str] = []
    done = at = 0
    while found := pattern.search(text, at):
        if _names_secret(text, found):
            parts += [text[done : found.start("text")], hide(found)]
            done = at = found.end()
        else:
            at = found.start("text")
    return "".join([*parts, text[done:]])


def _names_secret(text: str, found: re.Match[str]) -> bool:
    """Tell whether a name is that of a secret; in a repr it may stand behind a line's end."""
    name, start = found["name"], found.start("name")
    after_escape = text[start - 1 : start] == "\\" and name[0] in "nrt"
    return is_secret_name(name) or (after_escape and is_secret_name(name[1:]))


def _hide_given(found: re.Match[str]) -> str:
    text = found["text"]
    if text[0] in "([{" and found["name"].lower() in PLURALS:
        return text
    return _ONE_LITERAL.sub(_hide_literal, text)


def _hide_literal(found: re.Match[str]) -> str:
    text = found[0].lstrip("rbfuRBFU")
    escapes = len(text) - len(text.lstrip("\\"))
    thrice = text[:3] in {'"' * 3, "'" * 3}
    quote = text[: 3 if thrice else escapes + 1]
    return f"{quote}{HIDDEN}{quote}"


def _hide_bare(found: re.Match[str]) -> str:
    """Hide a text without quotes, unless it is code: a name, a number."""
    text = found["text"]
    long = len(text) >= _LONG_NAME and _TWO_DIGITS.match(text)
    return text if _CODE.match(text) and not long and not found["name"].isupper() else HIDDEN


def _hide_flag(_: re.Match[str]) -> str:
    return HIDDEN


def describe_masked(name: str, value: Any, *, budget: int) -> str:
    """
    Describe a variable, with nothing in it that looks like a secret.

    Parameters
    ----------
    name
        What the variable is called; where that is a secret's name, its value is not looked at.
    value
        Any object.
    budget
        About how many tokens the text may have.
    """
    own = getattr(value, "name", None)  # of a column
    named = name if is_secret_name(name) else own if isinstance(own, str) else ""
    if is_secret_name(named) and _could_be_secret(named, value):
        return f"{type(value).__name__}, {HIDDEN} (hidden: its name is that of a secret)"
    if isinstance(value, type(os.environ)):
        return "the environment (hidden)"
    if isinstance(value, str):
        # repr, so that a model sees quotes, blanks and line breaks.
        limit = budget * 4
        more = f" … ({len(value):,} characters)" if len(value) > limit else ""
        return mask(f"{value[:limit]!r}{more}")
    if isinstance(value, dict | list | tuple | set | frozenset):
        size = f"{type(value).__name__} of {len(value):,}: "
        return size + mask(describe(_without_secrets(value, _DEEPEST), budget=budget))
    columns = list(getattr(value, "columns", ()))
    hidden = _secret_columns(value)
    if hidden and type(value).__module__.partition(".")[0] == "pandas":
        return mask(frames.frame(value, budget * 4, hidden=frozenset(hidden)))
    if hidden:
        return f"{type(value).__name__} with the columns {', '.join(map(str, columns))}"
    return mask(describe(value, budget=budget))


def _secret_columns(value: Any) -> list[Any]:
    """Give a frame's columns whose name, or a level of it, is that of a secret."""
    return [
        column
        for column in getattr(value, "columns", ())
        if any(is_secret_name(str(n)) for n in (column if isinstance(column, tuple) else [column]))
    ]


def _could_be_secret(name: str, value: Any) -> bool:
    """Numbers, functions and types called ``token`` are that, and so is a list of ``tokens``."""
    if value is None or isinstance(value, bool | int | float | type) or callable(value):
        return False
    return isinstance(value, str | bytes) or name.lower() not in PLURALS


def _without_secrets(value: Any, depth: int) -> Any:
    """Copy the beginning of a container, with what stands under a secret's name hidden."""
    if depth and isinstance(value, dict):
        items = zip(value.items(), range(_MOST_ITEMS), strict=False)
        return {key: _item(key, item, depth) for (key, item), _ in items}
    if depth and isinstance(value, list | tuple | set | frozenset):
        some = zip(value, range(_MOST_ITEMS), strict=False)
        return [_without_secrets(item, depth - 1) for item, _ in some]
    own = getattr(value, "name", None)  # of a column
    if _secret_columns(value) or (
        isinstance(own, str) and is_secret_name(own) and hasattr(value, "dtype")
    ):
        return HIDDEN
    return value


def _item(key: Any, item: Any, depth: int) -> Any:
    if isinstance(key, str) and is_secret_name(key) and _could_be_secret(key, item):
        return HIDDEN
    return _without_secrets(item, depth - 1)
