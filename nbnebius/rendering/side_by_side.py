"""Several models' answers beside each other, while they grow and when they are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbnebius.events import ReasoningDelta
from nbnebius.rendering.answer import footer_html
from nbnebius.rendering.growing import GrowingText
from nbnebius.rendering.repaint import Repaint
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.stream import growing_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.events import OfModel
    from nbnebius.rendering.stream import Painter

__all__ = ["SideBySide", "side_by_side"]

# Two columns need 2 x 344 px and the gap: below 700 px they stand below each other.
_GRID: Final = (
    "display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(min(344px,100%),1fr))"
)
_CELL: Final = (
    "min-width:0;overflow-x:auto;border:1px solid var(--jp-border-color2,#bdbdbd);"
    "border-radius:3px;padding:.3em .7em"
)
_TITLE: Final = "font-weight:600;overflow-wrap:anywhere"
_PLAIN_SHOWN: Final = 1_000  # characters of each answer while it grows


def side_by_side(
    titles: Sequence[str], bundles: Sequence[Mapping[str, str]], footer: str = ""
) -> dict[str, str]:
    """
    Show answers beside each other; in plain text, below each other.

    Parameters
    ----------
    titles
        The models' ids.
    bundles
        Each one's answer, as made by `nbnebius.rendering.answer`.
    footer
        One line of plain text below them all.

    Returns
    -------
    dict
        ``text/html`` and ``text/plain``.
    """
    texts = [
        f"── {plain(' '.join(title.split()))} ──\n{bundle['text/plain']}"
        for title, bundle in zip(titles, bundles, strict=True)
    ]
    page = _grid(titles, [bundle["text/html"] for bundle in bundles])
    return {
        "text/html": page + footer_html(footer),
        "text/plain": "\n\n".join([*texts, plain(footer)] if footer else texts),
    }


def _grid(titles: Sequence[str], pages: Sequence[str]) -> str:
    cells = (
        f'<div style="{_CELL}"><div style="{_TITLE}">{escape(title)}</div>{page}</div>'
        for title, page in zip(titles, pages, strict=True)
    )
    return f'<div style="{_GRID}">{"".join(cells)}</div>'


class SideBySide:
    """
    Answers growing beside each other in a page.

    Parameters
    ----------
    painter
        Where they are shown.
    titles
        The models' ids.
    """

    def __init__(self, painter: Painter, titles: Sequence[str]) -> None:
        self._painter = painter
        self._titles = list(titles)
        self._answers = [GrowingText() for _ in titles]
        self._reasoning = [GrowingText() for _ in titles]
        self._changed = False
        self._repaint = Repaint()
        self.status = ""

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return any(self._answers) or any(self._reasoning)

    def add(self, piece: OfModel) -> None:
        """Take in a piece of one model's answer; `tick` shows it."""
        into = self._reasoning if isinstance(piece.event, ReasoningDelta) else self._answers
        if piece.event.text:
            into[piece.number].add(piece.event.text)
            self._changed = True

    def tick(self) -> None:
        """Repaint, if there is something new and it is time."""
        if self._changed and self._repaint.is_due():
            self._repaint.paint(self._paint)

    def _paint(self) -> int:
        pages = [growing_html(*both) for both in zip(self._answers, self._reasoning, strict=True)]
        page = _grid(self._titles, pages) + footer_html(self.status)
        shown = "\n\n".join(
            f"── {plain(title)} ──\n{answer.shown[-_PLAIN_SHOWN:]}"
            for title, answer in zip(self._titles, self._answers, strict=True)
        )
        self._painter.show({"text/html": page, "text/plain": shown}, {})
        self._changed = False
        return len(page)
