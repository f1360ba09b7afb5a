"""
Patterns of a schema, tried on texts of a model only where that ends soon.

A regular expression can take years on a text made for it. Python's cannot be stopped, so what is
risky is not tried at all: a repeated group that itself repeats or chooses, a reference back, a
look around, or many repeats on a long text.
"""

from __future__ import annotations

import functools
import re
import warnings

MOST_WORK = 10_000_000
LONGEST_PATTERN = 1_000
MOST_OPTIONAL = 8
_TOKEN = re.compile(
    r"\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\((?:\?(?:[:!=<]|P<\w+>)?)?|[)|?*+]|\{\d*,?\d*\}|[\s\S]"
)


def matches(pattern: str, text: str) -> bool | None:
    """Tell whether a pattern is found in a text; None where it cannot be said in a short time."""
    compiled, repeats = _prepared(pattern)
    if compiled is None or len(text) ** repeats > MOST_WORK:
        return None
    return compiled.search(text) is not None


@functools.lru_cache(maxsize=256)
def _prepared(pattern: str) -> tuple[re.Pattern[str] | None, int]:
    """Compile a pattern, and tell to which power of a text's length it may take."""
    if len(pattern) > LONGEST_PATTERN or (repeats := _repeats(pattern)) is None:
        return None, 0
    try:
        with warnings.catch_warnings():
            # "[[" is right in JSON schema, and may come to mean something else in Python
            warnings.simplefilter("ignore", FutureWarning)
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None, 0
    anchored = pattern.startswith("^") and "|" not in pattern
    return compiled, repeats + (not anchored)


def _repeats(pattern: str) -> int | None:
    """Count the repeats; None where they may multiply."""
    open_groups: list[bool] = []  # whether a group repeats or chooses within
    closed: bool | None = None  # the same of the group that ended just now
    repeats = optional = 0
    for sign in _TOKEN.findall(pattern):
        ended, closed = closed, None
        if _risky(sign):
            return None
        if sign.startswith("("):
            open_groups.append(False)
        elif sign == ")":
            closed = open_groups.pop() if open_groups else False
            if closed and open_groups:
                open_groups[-1] = True
        elif _varies(sign):
            if ended and sign != "?":
                return None
            repeats += sign != "?"
            optional += sign == "?"
            closed = ended
            open_groups = [True] * len(open_groups)
        elif sign == "|" and open_groups:
            open_groups[-1] = True
        elif sign.startswith("{") and ended:
            return None
    return repeats if optional <= MOST_OPTIONAL else None


def _risky(sign: str) -> bool:
    back = sign.startswith("\\") and sign[1:] in {*"123456789", "g", "k"}
    return back or sign in {"(?", "(?=", "(?!", "(?<"}


def _varies(sign: str) -> bool:
    if sign in {"*", "+", "?"}:
        return True
    return len(sign) > 1 and sign.startswith("{") and "," in sign
