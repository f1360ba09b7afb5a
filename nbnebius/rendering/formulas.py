r"""
Formulas in answers, left as they are for the page to typeset.

The page looks for ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]`` in what it is shown. Markdown would
take their backslashes and underscores for its own, so formulas pass through it untouched. A
dollar sign that begins no formula is put into an element of its own: otherwise the page would
typeset what stands between two prices.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = ["add_formulas"]

_CLOSERS: Final = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}
_LONGEST: Final = 2_000
_MOST_LINES: Final = 200
_CODE_INDENT: Final = 4


def add_formulas(parser: MarkdownIt) -> None:
    """Teach a Markdown parser to leave formulas alone."""
    parser.inline.ruler.before("escape", "formula", _inline)
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "formula_block", _block, {"alt": interrupts})
    parser.add_render_rule("formula", _written)
    parser.add_render_rule("formula_block", _written_block)
    parser.add_render_rule("dollar", _dollar)


def _inline(state: StateInline, silent: bool) -> bool:
    """Take one formula, or one dollar sign that begins none."""
    source, at = state.src, state.pos
    if source[at] not in "$\\":
        return False
    opener = source[at : at + 2] if source[at : at + 2] in _CLOSERS else source[at]
    end = _end(source, at, opener)
    if end < 0 and source[at] != "$":
        return False
    if not silent:
        token = state.push("formula" if end > 0 else "dollar", "", 0)
        token.content = source[at:end] if end > 0 else "$"
    state.pos = end if end > 0 else at + 1
    return True


def _end(source: str, at: int, opener: str) -> int:
    """Find where a formula ends, or -1; by pandoc's rules, which tell prices from formulas."""
    if opener not in _CLOSERS:
        return -1
    closer = _CLOSERS[opener]
    begin = at + len(opener)
    found = source.find(closer, begin + 1, begin + _LONGEST)
    if found < 0:
        return -1
    end = found + len(closer)
    if opener == "$" and (
        source[begin].isspace() or source[found - 1].isspace() or source[end : end + 1].isdigit()
    ):
        return -1
    return end


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Take a formula that has lines of its own, whatever those lines look like."""
    if state.sCount[first] - state.blkIndent >= _CODE_INDENT:
        return False
    start = state.bMarks[first] + state.tShift[first]
    opener = state.src[start : start + 2]
    if opener not in {"$$", "\\["}:
        return False
    line = first
    while line < min(last, first + _MOST_LINES) and not state.isEmpty(line):
        begin = state.bMarks[line] + state.tShift[line] + (2 if line == first else 0)
        text = state.src[begin : state.eMarks[line]].rstrip()
        if _CLOSERS[opener] in text:
            break
        line += 1
    else:
        return False
    if not text.endswith(_CLOSERS[opener]) or text.count(_CLOSERS[opener]) > 1:
        return False
    if silent:
        return True
    token = state.push("formula_block", "", 0)
    token.content = state.getLines(first, line + 1, state.blkIndent, keepLastLF=False).strip()
    token.map = [first, line + 1]
    state.line = line + 1
    return True


def _written(
    _renderer: Any,
    tokens: Sequence[Token],
    index: int,
    _options: Mapping[str, Any],
    _env: Mapping[str, Any],
) -> str:
    return html.escape(tokens[index].content)


def _written_block(
    _renderer: Any,
    tokens: Sequence[Token],
    index: int,
    _options: Mapping[str, Any],
    _env: Mapping[str, Any],
) -> str:
    return f"<p>{html.escape(tokens[index].content)}</p>\n"


def _dollar(
    _renderer: Any,
    _tokens: Sequence[Token],
    _index: int,
    _options: Mapping[str, Any],
    _env: Mapping[str, Any],
) -> str:
    return "<span>$</span>"
