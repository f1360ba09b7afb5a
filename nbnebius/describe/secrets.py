"""Names that secrets go by, and what is held under them: in variables and in the environment."""

from __future__ import annotations

import os
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLURALS", "is_secret_name", "of_environment", "secret_values"]

PLURALS: Final = frozenset({"tokens", "keys"})
"""Names under which a list is hardly a secret."""

_WORDS: Final = (
    r"(?:pass(?:word|wd|phrase|code)s?|pwd|secrets?|credentials?|authorization|cookies?"
    r"|tokens?|(?:[a-z]+_?)?(?:api|access|private|secret|account|auth|encryption|signing)_?keys?"
    r"|keys?|auth|pins?)"
)
# camelCase is taken apart first, so one pattern reads apiKey, API_KEY and x-api-key.
_NAME: Final = re.compile(rf"(?:\A|_){_WORDS}(?:_(?:id|value|str|text|hash|salt|[0-9]+))?\Z")
_COUNT: Final = re.compile(
    r"(?:max|min|num|n|total|prompt|completion|input|output|new)(?:_\w+)?_tokens?\Z"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OFTEN_ELSE: Final = frozenset({*PLURALS, "key", "token", "auth", "pin", "pins", "cookie"})
_DIGITS: Final = re.compile(r"(?:\D*\d){2}")
_SHORTEST: Final = 6
_SHORTEST_OF_ENVIRONMENT: Final = 8
_MOST_ITEMS: Final = 200


def is_secret_name(name: str) -> bool:
    """
    Tell whether a variable, a column or a key of this name may hold a secret.

    Examples
    --------
    >>> [is_secret_name(name) for name in ("apiKey", "DB_PASSWORD", "monkey", "max_tokens")]
    [True, True, False, False]
    """
    snake = _CAMEL.sub("_", name).replace("-", "_").replace(" ", "_").lower()
    return _NAME.search(snake) is not None and not _COUNT.match(snake)


def secret_values(*scopes: Mapping[str, Any]) -> list[str]:
    """
    Give the texts that variables, dicts and objects hold under a secret's name, the longest first.

    They may stand elsewhere too: in a message, in another object's repr. What stands under a name
    that is often something else (``key``, ``token``) counts only if it looks like no word.
    """
    found: set[str] = set()
    for scope in scopes:
        for name, value in list(scope.items()):
            if not name.startswith("__"):
                _collect(name, value, found, 1)
    return sorted(found, key=len, reverse=True)


def _collect(name: str, value: Any, found: set[str], depth: int) -> None:
    if isinstance(value, bytes) and is_secret_name(name):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        word = name.lower() in _OFTEN_ELSE and not _DIGITS.match(value)
        if len(value) >= _SHORTEST and is_secret_name(name) and not word:
            found.add(value)
        return
    if not depth or isinstance(value, type | ModuleType):
        return
    inside = value if isinstance(value, dict) else getattr(value, "__dict__", None)
    if isinstance(inside, dict):
        for (key, item), _ in zip(inside.items(), range(_MOST_ITEMS), strict=False):
            if isinstance(key, str):
                _collect(key.lstrip("_"), item, found, depth - 1)


def of_environment() -> list[str]:
    """Give the secrets of the environment, the longest first."""
    found = {
        value
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST_OF_ENVIRONMENT
        and is_secret_name(name)
        and not value.startswith(("/", "~"))
    }
    return sorted(found, key=len, reverse=True)
