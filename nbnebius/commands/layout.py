"""How a manual is laid out: options and forms in two columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.commands.option import Option

WIDEST = 30  # characters of the first column


def table_of(options: Sequence[Option]) -> list[str]:
    """Write options with what they mean, one below the other."""
    if not options:
        return []
    width = min(max(len(left_of(option)) for option in options) + 4, WIDEST + 2)
    return [
        line
        for option in options
        for line in paragraph(f"  {left_of(option)}", option.help, width, 90)
    ]


def left_of(option: Option) -> str:
    """Write an option's flags and what it takes."""
    left = ", ".join(option.flags)
    return f"{left} {option.metavar}" if option.takes_value else left


def paragraph(left: str, right: str, width: int, widest: int) -> list[str]:
    """Write a word and what it means, which begins at `width` and wraps before `widest`."""
    wrapped = textwrap.wrap(right, widest - width) or [""]
    if len(left) >= width:
        return [left, *(" " * width + line for line in wrapped)]
    return [f"{left:<{width}}" + wrapped[0], *(" " * width + line for line in wrapped[1:])]
