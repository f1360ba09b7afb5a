"""Pages and documents as text: HTML without its marks, PDF without its layout."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING, Final

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["document_text", "html_text"]

_SKIPPED: Final = frozenset(
    {"script", "style", "noscript", "template", "svg", "head", "nav", "footer", "iframe", "form"}
)
_BLOCKS: Final = frozenset(
    {
        *("p", "div", "section", "article", "main", "header", "ul", "ol", "table", "tr", "pre"),
        *("blockquote", "figure", "dl", "dt", "dd", "hr", "br"),
    }
)
_HEADINGS: Final = {f"h{level}": "#" * level for level in range(1, 7)}
_MOST_PAGES: Final = 2_000
_CHARSET: Final = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
# A comment ends at its first end, so that there is one way to read several.
_HTML: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*<(?:!doctype html|html)\b",
    re.IGNORECASE,
)


def document_text(data: bytes, name: str) -> str:
    """
    Read a document: a PDF's and a page's text; anything else as it is, if it is text.

    Parameters
    ----------
    data
        What the file holds.
    name
        What the user calls it, for errors.

    Raises
    ------
    OptionError
        It is not text, or a PDF that holds none, is locked, or cannot be read without `pypdf`.
    """
    if data.startswith(b"%PDF-"):
        return _pdf_text(data, name)
    is_html = _HTML.match(data[:2_000]) is not None
    text = _decoded(data, name, is_html=is_html)
    return html_text(text) if is_html else text.rstrip("\n")


def _decoded(data: bytes, name: str, *, is_html: bool) -> str:
    if b"\0" in data[:8_000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _no_text(name)
    named = _CHARSET.search(data[:2_000]) if is_html else None
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig"]
    if named:
        encodings.append(named[1].decode("ascii", "replace"))
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except (UnicodeError, LookupError):  # a page may name any codec
            continue
    if is_html:
        return data.decode("utf-8", "replace")
    raise _no_text(name)


def _no_text(name: str) -> OptionError:
    return OptionError(
        f"{name} is not text in UTF-8", hint="a picture goes into --images; a PDF can be sent"
    )


def _pdf_text(data: bytes, name: str) -> str:
    try:
        from pypdf import PdfReader
    except ImportError:
        raise OptionError(
            f"{name} is a PDF, and pypdf, which reads it, is not installed",
            hint="%pip install 'nbnebius[pdf]'",
        ) from None
    try:
        reader = PdfReader(BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [page.extract_text() for page in reader.pages[:_MOST_PAGES]]
    except Exception as error:  # noqa: BLE001 - a broken file makes the reader raise anything
        raise OptionError(f"{name} cannot be read as a PDF", why=type(error).__name__) from None
    if locked:
        raise OptionError(f"{name} is locked by a password", hint="save it without one first")
    text = "\n\n".join(part.strip() for part in pages if part.strip())
    if not text:
        raise OptionError(
            f"{name} holds no text",
            why="its pages are pictures",
            hint="send the pages as pictures, by --images",
        )
    return text


def html_text(page: str) -> str:
    r"""
    Reduce a page to its text, with headings, list items and lines kept apart.

    Examples
    --------
    >>> html_text("<h1>Tea</h1><p>It is <b>hot</b>.</p><script>x()</script>")
    '# Tea\\n\\nIt is hot.'
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return _tidied(reader.parts)


class _Reader(HTMLParser):
    """Collects text; blocks are parted by line breaks, preformatted text stays as it is."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipping = ""
        self._depth = 0
        self._literal = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the library's shape
        if self._skipping:
            self._depth += tag == self._skipping
        elif tag in _SKIPPED:
            self._skipping, self._depth = tag, 1
        elif tag in _HEADINGS:
            self.parts.append(f"\n\n{_HEADINGS[tag]} ")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in {"td", "th"}:
            self.parts.append(" | ")
        elif tag in _BLOCKS:
            self.parts.append("\n" if tag in {"br", "tr", "dt", "dd"} else "\n\n")
            self._literal += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._depth -= tag == self._skipping
            if not self._depth:
                self._skipping = ""
        elif tag in _HEADINGS or tag in _BLOCKS - {"br", "hr", "tr"}:
            self.parts.append("\n\n")
            self._literal -= tag == "pre" and self._literal > 0

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.parts.append(data if self._literal else re.sub(r"\s+", " ", data))


def _tidied(parts: Sequence[str]) -> str:
    lines = [line.rstrip() for line in "".join(parts).split("\n")]
    # A blank before a line is what stood between two tags; four and more are code.
    lines = [line if line.startswith("    ") else line.strip() for line in lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
