"""Turns as the panel shows them: what was asked, what came, and a line about both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from nbnebius.panels.chat.pictures import Picture
from nbnebius.rendering.answer import answer_bundle, footer_text, note_html

if TYPE_CHECKING:
    from nbnebius.session.conversations import TurnRow

PICTURE = "\n\n[picture]"  # how a picture stands in a question's text
PURGED = "(purged)"


@dataclass(slots=True)
class Asked:
    """
    A question on its way.

    Attributes
    ----------
    question, pictures
        What is asked.
    replacing
        The number of the turn whose place it takes, None for a new one.
    again
        It is that turn's own question, as it stands.
    html
        The answer so far.
    failed
        No answer came.
    """

    question: str
    pictures: tuple[Picture, ...] = ()
    replacing: int | None = None
    again: bool = False
    html: str = ""
    failed: bool = False

    def show(self, bundle: dict[str, str], metadata: dict[str, Any]) -> None:  # noqa: ARG002 - the shape of all painters
        """Take the answer as it grows."""
        self.html = bundle["text/html"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A turn as it is shown; `answer` is HTML that runs and loads nothing."""

    number: int
    question: str
    pictures: tuple[Picture, ...]
    answer: str
    state: Literal["answered", "asking", "failed"]


def asked_entry(asked: Asked, number: int) -> Entry:
    """Show a question that is asked just now, or got no answer."""
    if asked.failed:
        note = note_html("no answer came: Again asks once more, Edit takes it back, Drop drops it")
        return Entry(number, asked.question, asked.pictures, note, "failed")
    return Entry(number, asked.question, asked.pictures, asked.html, "asking")


def turn_entry(row: TurnRow, reasoning: str | None) -> Entry:
    """Show a turn of a thread."""
    answer = _answer_html(row.answer or "", reasoning, about(row), remark(row))
    return Entry(row.turn, question_of(row), pictures_of(row), answer, "answered")


def question_of(row: TurnRow) -> str:
    """Give a turn's question without the places of its pictures."""
    if row.question is None:
        return PURGED
    return row.question.removesuffix(PICTURE * len(row.pictures))


def pictures_of(row: TurnRow) -> tuple[Picture, ...]:
    """Give the pictures of a turn's question."""
    return tuple(
        Picture(f"picture {at}", url, is_named=False)
        if url.startswith("data:")
        else Picture(url, url)
        for at, url in enumerate(row.pictures, 1)
    )


def about(row: TurnRow) -> str:
    """Say who answered, with how many tokens, and what it cost."""
    extra = [f"turn {row.turn}", *(["private: in memory only"] if row.private else [])]
    return footer_text(model=row.model or "", tokens=row.tokens, cost=row.cost, extra=extra)


def remark(row: TurnRow) -> str:
    """Say what a reader must know of a turn, "" where that is nothing."""
    if row.state == "gone":
        return "purged: it is not sent"
    pieces = []
    if row.state == "partial":
        pieces.append("not finished: what had come is kept")
    if row.stale:
        pieces.append("stale: it was asked after something else; Again asks anew")
    return "; ".join(pieces)


@lru_cache(maxsize=128)
def _answer_html(answer: str, reasoning: str | None, footer: str, note: str) -> str:
    return answer_bundle(answer, reasoning=reasoning, footer=footer, note=note)["text/html"]
