"""Answers that must be one of some choices, or match a pattern."""

import re
from collections.abc import Sequence

from nbnebius.sandbox.engines.pattern import PatternError, make_match
from nbnebius.sandbox.engines.skills.labels import choose_label
from nbnebius.sandbox.engines.voice import Voice

_LONGEST_SEARCH = 2000
_LONGEST_PATTERN = 500


class UnguidableError(ValueError):
    """The guide is one that this engine cannot follow."""


def choose(choices: Sequence[str], prompt: str, voice: Voice) -> str:
    """Give the choice that fits a prompt best."""
    return choose_label(choices, prompt, voice)


def follow_pattern(regex: str, prompt: str, voice: Voice) -> str:
    """
    Give a text that matches a regular expression, from the prompt if there is one in it.

    Raises
    ------
    UnguidableError
        The expression is broken or more than this engine can follow.
    """
    if len(regex) > _LONGEST_PATTERN:
        raise UnguidableError(f"guided_regex is longer than {_LONGEST_PATTERN} characters.")
    try:
        compiled = re.compile(regex)
        made = make_match(regex, voice)
    except (re.error, PatternError, RecursionError) as error:
        raise UnguidableError(f"guided_regex cannot be followed: {error}") from None
    bare = regex.removeprefix("^").removesuffix("$")
    for match in re.finditer(bare, prompt[:_LONGEST_SEARCH]):
        if match[0] and compiled.fullmatch(match[0]):
            return match[0]
    if compiled.fullmatch(made) is None:
        raise UnguidableError("guided_regex asks for more than the sandbox's engine can follow.")
    return made
