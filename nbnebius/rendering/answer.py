"""A model's answer as a bundle for the page and for the terminal."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from nbnebius.rendering.safe import escape, plain, safe_html

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["answer_bundle", "footer_html", "footer_text", "note_html", "reasoning_title", "usd"]

_FOOTER: Final = '<div style="font-size:0.85em;opacity:.65">'
_NOTE: Final = (
    '<div style="border-left:3px solid var(--jp-warn-color1,#b58900);'
    'padding-left:.6em;margin:.4em 0">'
)


def answer_bundle(
    text: str, *, reasoning: str | None = None, footer: str = "", note: str = ""
) -> dict[str, str]:
    """
    Show an answer: its reasoning folded, its text, a note, and a discreet footer.

    Parameters
    ----------
    text
        The answer, as Markdown from the model.
    reasoning
        What the model thought first; folded, and only in the page.
    footer
        One line of plain text, as made by `footer_text`.
    note
        A visible line of plain text, as ``stopped: the partial answer is kept``.

    Returns
    -------
    dict
        ``text/html`` and ``text/plain``. Never ``text/markdown``: front ends run what is in it.

    Examples
    --------
    >>> print(answer_bundle("Four.", footer="tiny · 1 token")["text/plain"])
    Four.
    <BLANKLINE>
    tiny · 1 token
    """
    parts = [
        _reasoning_html(reasoning) if reasoning else "",
        safe_html(text) if text else "",
        note_html(note),
        footer_html(footer),
    ]
    lines = [plain(part) for part in (text.rstrip(), f"[{note}]" if note else "", footer) if part]
    return {"text/html": "".join(parts), "text/plain": "\n\n".join(lines)}


def _reasoning_html(reasoning: str) -> str:
    return (
        f'<details style="opacity:.8"><summary>{reasoning_title(reasoning)}</summary>'
        f"{safe_html(reasoning)}</details>"
    )


def reasoning_title(reasoning: str) -> str:
    """
    Name the folded reasoning by its length.

    Examples
    --------
    >>> reasoning_title("two words")
    'Reasoning (2 words)'
    """
    words = len(reasoning.split())
    return f"Reasoning ({words:,} word{'' if words == 1 else 's'})"


def note_html(note: str) -> str:
    """Draw a note as a line that stands out; nothing for an empty one."""
    return f"{_NOTE}{escape(note)}</div>" if note else ""


def footer_html(footer: str) -> str:
    """Draw a footer as a discreet line; nothing for an empty one."""
    return f"{_FOOTER}{escape(footer)}</div>" if footer else ""


def footer_text(
    *,
    model: str,
    tokens: int | None,
    cost: float | None,
    thread: str | None = None,
    turn: int | None = None,
    sent: int = 0,
    extra: Sequence[str] = (),
) -> str:
    """
    Say in one line who answered, how long the answer is and what it cost.

    Parameters
    ----------
    model
        The model's id.
    tokens
        Tokens billed; left out when unknown.
    cost
        USD, or None where the price is unknown.
    thread, turn, sent
        The conversation it belongs to, its place there, and how many turns were sent before it.
    extra
        More pieces for the line's end.

    Examples
    --------
    >>> footer_text(model="Qwen/Qwen3-32B", tokens=52, cost=0.0000123)
    'Qwen/Qwen3-32B · 52 tokens · USD 0.000012'
    """
    pieces = [model]
    if tokens is not None:
        pieces.append(f"{tokens:,} token{'' if tokens == 1 else 's'}")
    pieces.append(usd(cost))
    conversation = [f"thread {thread}"] if thread else []
    if turn is not None:
        conversation += [f"turn {turn}", f"{sent} sent"]
    if conversation:
        pieces.append(", ".join(conversation))
    pieces.extend(extra)
    return " · ".join(" ".join(piece.split()) for piece in pieces if piece)


def usd(cost: float | None) -> str:
    """
    Write an amount for people: cents from a dollar up, else two digits that mean something.

    Examples
    --------
    >>> usd(12.345), usd(0.0000123), usd(0), usd(None)
    ('USD 12.35', 'USD 0.000012', 'USD 0', 'price unknown')
    """
    if cost is None or not math.isfinite(cost):
        return "price unknown"
    if cost == 0:
        return "USD 0"
    if abs(cost) >= 0.995:  # noqa: PLR2004 - what rounds to a dollar is written as one
        return f"USD {cost:,.2f}"
    return f"USD {Decimal(f'{cost:.1e}'):f}"
