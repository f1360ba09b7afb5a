"""The tools that a model called, folded, one line each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol

from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["calls_html", "calls_text"]

LONGEST: Final = 2_000
"""Characters shown of a call's arguments, and of its result."""
_LONGEST_LINE: Final = 100
_MOST_CALLS: Final = 200
_PRE: Final = '<pre style="white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0 .4em 1em">'


class ShownCall(Protocol):
    """What is shown of a call; a `ToolResult` has it."""

    @property
    def name(self) -> str:
        """The tool's name."""

    @property
    def arguments(self) -> Mapping[str, Any] | str:
        """As the model gave them."""

    @property
    def text(self) -> str:
        """What went back to the model."""

    @property
    def error(self) -> bool:
        """The text says what went wrong."""

    @property
    def seconds(self) -> float:
        """How long it took."""


def calls_html(calls: Sequence[ShownCall], *, longest: int = LONGEST) -> str:
    """
    Show every call folded: a line, and behind it the arguments and the result.

    Parameters
    ----------
    calls
        In order; nothing is drawn for none.
    longest
        Characters shown of each call's arguments, and of each result.

    Returns
    -------
    str
        HTML in which everything that came from a model or a tool is escaped.
    """
    drawn = "".join(_one_html(call, longest) for call in calls[:_MOST_CALLS])
    rest = f"<div>{_rest(calls)}</div>" if _rest(calls) else ""
    if not drawn:
        return ""
    return f'<div class="mathjax_ignore" style="opacity:.8">{drawn}{rest}</div>'


def calls_text(calls: Sequence[ShownCall], *, longest: int = LONGEST) -> str:
    """
    Show every call as plain text: a line, and below it the result, indented.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> call = SimpleNamespace(
    ...     name="double", arguments={"n": 2}, text="4", error=False, seconds=0.0
    ... )
    >>> print(calls_text([call]))
    Tool: double(n=2)
      4
    """
    lines = []
    for call in calls[:_MOST_CALLS]:
        lines.append(f"{_title(call)}{_one_line(_arguments(call), longest)}){_how(call)}")
        result = plain(_cut(call.text, longest))
        lines += [f"  {line}" for line in result.split("\n")]
    return "\n".join([*lines, _rest(calls)] if _rest(calls) else lines)


def _one_html(call: ShownCall, longest: int) -> str:
    given = _arguments(call)
    line = f"{_title(call)}{_one_line(given, _LONGEST_LINE)}){_how(call)}"
    return (
        f"<details><summary>{escape(line)}</summary>"
        f"{_PRE}{escape(_cut(given, longest))}</pre>"
        f"{_PRE}{escape(_cut(call.text, longest))}</pre></details>"
    )


def _title(call: ShownCall) -> str:
    return f"Tool: {_one_line(call.name, 64)}("


def _how(call: ShownCall) -> str:
    """Say that a call failed, and how long it took where that is worth saying."""
    long = f" · {call.seconds:.1f} s" if call.seconds >= 1 else ""
    return f"{' · error' if call.error else ''}{long}"


def _arguments(call: ShownCall) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False, default=repr)}"
        for name, value in call.arguments.items()
    )


def _one_line(text: str, longest: int) -> str:
    text = " ".join(plain(text[: 4 * longest]).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _cut(text: str, longest: int) -> str:
    rest = len(text) - longest
    return text if rest <= 0 else f"{text[:longest]}… and {rest:,} more characters"


def _rest(calls: Sequence[ShownCall]) -> str:
    rest = len(calls) - _MOST_CALLS
    return f"… and {rest:,} more calls" if rest > 0 else ""
