"""A conversation as a bundle: questions as they were typed, answers through the one sink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbnebius.rendering.answer import footer_html
from nbnebius.rendering.safe import escape, plain, safe_html

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Exchange", "transcript_bundle"]

_QUESTION: Final = (
    '<div style="white-space:pre-wrap;border-left:3px solid var(--jp-brand-color1,#1976d2);'
    'padding-left:.6em;margin:.6em 0 .3em">'
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, its answer as Markdown, and a line of plain text about both."""

    question: str
    answer: str
    about: str


def transcript_bundle(title: str, exchanges: Sequence[Exchange]) -> dict[str, str]:
    """
    Show a conversation from its beginning.

    Parameters
    ----------
    title
        A line of plain text above it.
    exchanges
        Questions and answers, the first one first.

    Returns
    -------
    dict
        ``text/html`` and ``text/plain``.

    Examples
    --------
    >>> print(transcript_bundle("main", [Exchange("2 + 2?", "Four.", "1 · tiny")])["text/plain"])
    main
    <BLANKLINE>
    > 2 + 2?
    <BLANKLINE>
    Four.
    <BLANKLINE>
    1 · tiny
    """
    pages, lines = [footer_html(title)], [plain(title)]
    for each in exchanges:
        if each.question:
            pages.append(f"{_QUESTION}{escape(each.question)}</div>")
            lines.append("> " + plain(each.question).replace("\n", "\n> "))
        if each.answer:
            pages.append(safe_html(each.answer))
            lines.append(plain(each.answer).rstrip())
        pages.append(footer_html(each.about))
        lines.append(plain(each.about))
    return {"text/html": "".join(pages), "text/plain": "\n\n".join(lines)}
