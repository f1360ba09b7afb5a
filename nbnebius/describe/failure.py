"""An error, with all that a model needs to explain it and nothing that is secret, as one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbnebius.describe import traceback
from nbnebius.describe.masking import describe_masked, mask
from nbnebius.describe.secrets import is_secret_name, secret_values
from nbnebius.describe.values import cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.describe.cells import Cell
    from nbnebius.describe.traceback import Place

__all__ = ["Failure", "describe_failure", "fenced", "numbered"]

_LONGEST_MESSAGE: Final = 2_000
_LONGEST_CELL: Final = 12_000
_MOST_VARIABLES: Final = 12
_TOKENS_A_VARIABLE: Final = 200
_LONGEST_VARIABLES: Final = 8_000
_AROUND: Final = 2
_LONGEST_LINE: Final = 400


@dataclass(frozen=True, slots=True)
class Failure:
    """
    What is told of an error.

    Attributes
    ----------
    text
        The sections, as Markdown.
    cell
        The cell that failed, if one did.
    named
        The variables that are told of, secret or not.
    """

    text: str
    cell: Cell | None
    named: tuple[str, ...]


def describe_failure(error: BaseException) -> Failure:
    """
    Describe an error: its message, the cell, the traceback, the variables, the versions.

    Parameters
    ----------
    error
        An exception that was raised.

    Returns
    -------
    Failure
        Every text is cut to a size, and what looks like a secret is hidden.
    """
    errors = traceback.chain(error)
    steps = [traceback.places(each) for each in errors]
    # The innermost cause comes first in time; the cell that was run is the same for all.
    failing = next((f for f in map(traceback.failing_cell, steps) if f), None)
    sections = [("Error", _messages(errors))]
    if failing:
        cell, place = failing
        marked = range(place.first, place.last + 1) if _is_as_run(cell, place) else ()
        told = "the line that failed is marked with ->" if marked else "as it was written"
        sections.append((f"The cell that failed, {cell.name} ({told})", numbered(cell, marked)))
    trace = "\n".join(
        line
        for number, (each, found) in enumerate(zip(errors, steps, strict=True))
        for line in _trace(each, found, number, skip=failing[0] if failing else None)
    )
    if trace:
        sections.append(("Traceback, the innermost step last", fenced(mask(trace))))
    named = traceback.variables([place for found in reversed(steps) for place in found])
    if named:
        sections.append(("Variables of those lines, as they are now", _variables(named)))
    sections.append(("Versions", ", ".join(traceback.versions(errors))))
    text = "\n\n".join(f"## {title}\n{body}" for title, body in sections)
    text = mask(text, _known_secrets([place for found in steps for place in found]))
    return Failure(text, failing[0] if failing else None, tuple(named)[:_MOST_VARIABLES])


def _known_secrets(found: Sequence[Place]) -> list[str]:
    """Give what the user's own frames hold under the names of secrets."""
    frames = [place.frame for place in found if place.frame and not place.package]
    return secret_values(*(s for frame in frames for s in (frame.f_locals, frame.f_globals)))


def numbered(cell: Cell, marked: Sequence[int] = ()) -> str:
    """Write a cell with its lines numbered, those that failed marked, and secrets hidden."""
    lines = mask(cell.source).splitlines()
    width = len(str(len(lines)))
    text = "\n".join(
        f"{'->' if number in marked else '  '} {number:>{width}} | {line}".rstrip()
        for number, line in enumerate(lines, 1)
    )
    return fenced(cut(text, _LONGEST_CELL))


def fenced(text: str, language: str = "") -> str:
    """Put a text between fences that it does not hold itself."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _messages(errors: Sequence[BaseException]) -> str:
    texts = [cut(mask(traceback.error_text(each)), _LONGEST_MESSAGE) for each in errors]
    return fenced("\n\ncaused by ".join(texts))


def _is_as_run(cell: Cell, place: Place) -> bool:
    """Tell whether the lines that ran are those of the cell: a cell magic runs others."""
    written = cell.source.splitlines()
    ran = place.around(0)
    return bool(ran) and all(
        number <= len(written) and written[number - 1].strip() == line.strip()
        for number, line in ran
    )


def _trace(
    error: BaseException, found: Sequence[Place], number: int, *, skip: Cell | None
) -> list[str]:
    """Draw the steps; of a cell that is shown as a whole, no lines."""
    if not found:
        return []
    lines = [f"{'caused by ' if number else ''}{type(error).__name__}:"]
    for place in found:
        lines.append(f"  {place.where}")
        if not place.package and (skip is None or place.cell != skip):
            for at, source in place.around(_AROUND):
                mark = "->" if place.first <= at <= place.last else "  "
                lines.append(f"    {mark} {at} | {source[:_LONGEST_LINE]}")
    return lines


def _variables(named: dict[str, object]) -> str:
    texts: list[str] = []
    shown: dict[int, str] = {}
    room = _LONGEST_VARIABLES
    for name, value in list(named.items())[:_MOST_VARIABLES]:
        if id(value) in shown and hasattr(value, "__len__") and not is_secret_name(name):
            texts.append(f"{name} is {shown[id(value)]}")
            continue
        shown[id(value)] = name
        told = describe_masked(name, value, budget=_TOKENS_A_VARIABLE)
        text = f"{name} = {told}"
        room -= len(text)
        if room < 0:
            texts.append(f"{name} ({type(value).__name__}), not shown for its size")
            continue
        texts.append(text)
    if len(named) > _MOST_VARIABLES:
        texts.append(f"… and {len(named) - _MOST_VARIABLES} more")
    return fenced("\n".join(texts))
