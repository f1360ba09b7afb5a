"""
Secrets taken out of what goes into a prompt unread: an error's variables, source and messages.

A secret is known by its name (``api_key``, ``password``), by its shape (``sk-…``, a JSON web
token), or because the environment holds it under such a name.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from nbnebius.describe import frames
from nbnebius.describe.registry import describe
from nbnebius.transport.redact import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["describe_masked", "is_secret_name", "mask"]

# In code, rulers and long names have sixty characters too: a key has digits among its letters.
_SHAPES: Final = re.compile(
    r"""\b(?:
        v1\.[\w-]{20,} | eyJ[\w.-]{20,} | sk-[\w-]{16,} | gh[oprsu]_\w{20,} | github_pat_\w{20,}
        | glpat-[\w-]{16,} | hf_\w{20,} | xox[abeoprs]-[\w-]{10,} | A(?:KI|SI)A[A-Z0-9]{16}
        | AIza[\w-]{30,}
        | (?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w.-]{60,}
    )""",
    re.VERBOSE,
)
_BLOCK: Final = re.compile(
    r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL
)
_IN_ADDRESS: Final = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@'\"]*:)[^\s/@'\"]+(?=@)")
_HEADER: Final = re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{6,}")
_WORDS: Final = (
    r"(?:pass(?:word|wd|phrase|code)s?|pwd|secrets?|credentials?|authorization|cookies?"
    r"|tokens?|(?:[a-z]+_?)?(?:api|access|private|secret|account|auth|encryption|signing)_?keys?"
    r"|keys?|auth|pins?)"
)
# camelCase is taken apart first, so one pattern reads apiKey, API_KEY and x-api-key.
_NAME: Final = re.compile(rf"(?:\A|_){_WORDS}(?:_(?:id|value|str|text|hash|salt|[0-9]+))?\Z")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# A name in code or in a repr, and the text that it is given.
_GIVEN: Final = re.compile(
    r"""(?P<name>[A-Za-z_][\w-]*)"""
    r"""(?P<between>["']?\]?\s*(?::\s*[\w.\[\] |]+?\s*=|==?|:)\s*[rbfuRBFU]{0,2})"""
    r"""(?P<text>\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""",
    re.DOTALL,
)
_LINE_GIVEN: Final = re.compile(
    r"(?m)^(?P<head>\s*(?:export\s+|%env\s+|!?set\s+)?(?P<name>[A-Za-z_][\w-]*)\s*[=:]\s*)"
    r"(?P<text>[^\s\"'(\[{][^\s\"'()\[\]{},]*)[ \t]*$"
)
_PLURALS: Final = frozenset({"tokens", "keys"})
_SHORTEST: Final = 8
_DEEPEST: Final = 6
_MOST_ITEMS: Final = 200


def is_secret_name(name: str) -> bool:
    """
    Tell whether a variable, a column or a key of this name may hold a secret.

    Examples
    --------
    >>> [is_secret_name(name) for name in ("apiKey", "DB_PASSWORD", "monkey", "max_tokens")]
    [True, True, False, True]
    """
    snake = _CAMEL.sub("_", name).replace("-", "_").replace(" ", "_").lower()
    return _NAME.search(snake) is not None


def mask(text: str) -> str:
    """
    Hide what looks like a secret in a text: source, a message, a description.

    Examples
    --------
    >>> mask('connect(password="swordfish", port=5432)')
    'connect(password="***", port=5432)'
    """
    for value in _of_environment():
        text = text.replace(value, HIDDEN)
    text = _BLOCK.sub(HIDDEN, text)
    text = _IN_ADDRESS.sub(rf"\g<1>{HIDDEN}", text)
    text = _HEADER.sub(rf"\g<1>\g<2>{HIDDEN}", text)
    text = _SHAPES.sub(HIDDEN, text)
    text = _GIVEN.sub(_hide_given, text)
    return _LINE_GIVEN.sub(_hide_line, text)


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
    if is_secret_name(name) and _could_be_secret(name, value):
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
    hidden = [column for column in columns if is_secret_name(str(column))]
    if hidden and type(value).__module__.partition(".")[0] == "pandas":
        return mask(frames.frame(value, budget * 4, hidden=frozenset(hidden)))
    if hidden:
        return f"{type(value).__name__} with the columns {', '.join(map(str, columns))}"
    return mask(describe(value, budget=budget))


def _could_be_secret(name: str, value: Any) -> bool:
    """Numbers, functions and types called ``token`` are that, and so is a list of ``tokens``."""
    if value is None or isinstance(value, bool | int | float | type) or callable(value):
        return False
    return isinstance(value, str | bytes) or name.lower() not in _PLURALS


def _without_secrets(value: Any, depth: int) -> Any:
    """Copy the beginning of a container, with what stands under a secret's name hidden."""
    if depth and isinstance(value, dict):
        items = zip(value.items(), range(_MOST_ITEMS), strict=False)
        return {key: _item(key, item, depth) for (key, item), _ in items}
    if depth and isinstance(value, list | tuple | set | frozenset):
        items = zip(value, range(_MOST_ITEMS), strict=False)
        return [_without_secrets(item, depth - 1) for item, _ in items]
    return value


def _item(key: Any, item: Any, depth: int) -> Any:
    if isinstance(key, str) and is_secret_name(key) and _could_be_secret(key, item):
        return HIDDEN
    return _without_secrets(item, depth - 1)


def _hide_given(found: re.Match[str]) -> str:
    if not is_secret_name(found["name"]):
        return found[0]
    text = found["text"]
    quote = text[:3] if text[:3] in {'"""', "'''"} else text[0]
    return f"{found['name']}{found['between']}{quote}{HIDDEN}{quote}"


def _hide_line(found: re.Match[str]) -> str:
    # A bare word may be a variable's name, which is no secret; only what a shell would take is.
    shell = (
        found["head"].lstrip().startswith(("export", "%env", "!", "set")) or found["name"].isupper()
    )
    if not shell or not is_secret_name(found["name"]):
        return found[0]
    return f"{found['head']}{HIDDEN}"


def _of_environment(environment: Mapping[str, str] | None = None) -> list[str]:
    """Give the secrets of the environment, the longest first."""
    held = os.environ if environment is None else environment
    found = {
        value
        for name, value in held.items()
        if len(value) >= _SHORTEST and is_secret_name(name) and not value.startswith(("/", "~"))
    }
    return sorted(found, key=len, reverse=True)
