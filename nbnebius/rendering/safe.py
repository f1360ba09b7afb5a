"""
The one sink for text from a model: Markdown in, HTML out that can neither run nor load anything.

Output of a cell the user just ran is trusted by Jupyter, so a script in an answer would run with
the rights of the page. Raw HTML is therefore off in the Markdown parser, and an allowlist goes
over its output once more. Pictures never load by themselves: fetching one tells its server
whatever the address holds.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = ["as_written", "body_html", "escape", "parser", "plain", "safe_html", "wrap"]

# Work is bounded by counting, not by a clock, so the same text always gives the same output.
# Beyond these an answer is shown as written: 200,000 characters are some 50,000 tokens.
_MOST_SHOWN: Final = 1_000_000
_MOST_FOR_MARKDOWN: Final = 200_000
_MOST_LINES: Final = 20_000
# Steps of the inline parser: prose needs one for ten characters, a heap of brackets two for each.
_MOST_STEPS: Final = 100_000

_LINK: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_TAGS: Final = frozenset(
    [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "ol": {"start"},
    "span": {"class"},
    "td": {"style"},
    "th": {"style"},
}

_BIDI: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_TABLE: Final[dict[int, str]] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys(range(0x80, 0xA0), "\N{REPLACEMENT CHARACTER}"),
    **dict.fromkeys((0x2028, 0x2029), "\n"),
    **{code: f"<U+{code:04X}>" for code in (*_BIDI, 0xFEFF)},
    **{code: f"<U+{code:05X}>" for code in range(0xE0000, 0xE0080)},
    # A lone surrogate cannot be encoded, so one of them would cost the whole output.
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}


class _TooMuchWork(Exception):  # noqa: N818 - it is a signal inside this file
    """The text is built to make the parser slow."""


def plain(text: str) -> str:
    r"""
    Show what a terminal would obey: control characters, ANSI codes and hidden directions.

    Line breaks and tabs stay. Everything else that is not text becomes a visible symbol.

    Examples
    --------
    >>> plain("red: \x1b[31m")
    'red: ␛[31m'
    """
    if text.isascii() and text.isprintable():  # as most tokens are
        return text
    return text.replace("\r\n", "\n").translate(_TABLE)


def escape(text: str) -> str:
    """Escape text for HTML, in elements and in quoted attributes alike."""
    return html.escape(plain(text), quote=True)


def safe_html(markdown: str) -> str:
    """
    Turn a model's Markdown into HTML that neither runs nor loads anything.

    Parameters
    ----------
    markdown
        Any text. What is too long or built to be slow comes back as plain escaped text.

    Returns
    -------
    str
        One ``<div>`` in the style of a Markdown cell. Links open in a new tab and go to http,
        https and mailto addresses only; a picture is a link that shows its whole address.
    """
    return wrap(body_html(markdown))


def wrap(body: str) -> str:
    """Put HTML of `body_html` into the box that gives it the style of a Markdown cell."""
    return (
        '<div class="jp-RenderedHTMLCommon">'
        f'<div class="highlight" style="display:contents">{body}</div></div>'
    )


def body_html(markdown: str) -> str:
    """Do the work of `safe_html`, without the box around it."""
    text = plain(markdown)
    if len(text) > _MOST_FOR_MARKDOWN or text.count("\n") > _MOST_LINES:
        return as_written(text)
    try:
        rendered = parser().render(text, {"steps": _MOST_STEPS})
    except (_TooMuchWork, RecursionError):
        return as_written(text)
    return _clean(rendered)


def _clean(rendered: str) -> str:
    """Let only the allowlist through, whatever the parser made."""
    import nh3

    return nh3.clean(
        rendered,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        filter_style_properties={"text-align"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def as_written(text: str) -> str:
    """Show the text that `plain` gives as it is, escaped, and say so when not all of it fits."""
    rest = len(text) - _MOST_SHOWN
    more = f"\n… and {rest:,} more characters" if rest > 0 else ""
    shown = html.escape(text[:_MOST_SHOWN]) + more
    return f'<pre style="white-space:pre-wrap">{shown}</pre>'


@cache
def parser() -> MarkdownIt:
    """Build the Markdown parser, once."""
    from markdown_it import MarkdownIt

    from nbnebius.rendering.code import highlighted
    from nbnebius.rendering.formulas import add_formulas

    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "highlight": highlighted})
    made.enable(["table", "strikethrough"])
    add_formulas(made)
    made.inline.ruler.before("text", "steps", _count_steps)
    made.add_render_rule("image", _picture_as_link)
    made.add_render_rule("link_open", _link_open)
    return made


def _count_steps(state: StateInline, silent: bool) -> bool:  # noqa: ARG001 - the rule's shape
    """Give up, deterministically, on text that makes the inline parser go round in circles."""
    left = state.env.get("steps")
    if left is not None:
        if left <= 0:
            raise _TooMuchWork
        state.env["steps"] = left - 1
    return False


def _picture_as_link(
    _renderer: Any,
    tokens: Sequence[Token],
    index: int,
    _options: Mapping[str, Any],
    _env: Mapping[str, Any],
) -> str:
    """Name a picture and show its whole address; following it is up to the reader."""
    source = str(tokens[index].attrGet("src") or "")
    label = f"[image: {tokens[index].content or 'no description'}]"
    if source.lower().startswith("data:"):
        return html.escape(f"{label} ({len(source):,} characters of embedded data, not shown)")
    if not _LINK.match(source):
        return html.escape(f"{label} {source}")
    return f'<a href="{html.escape(source)}">{html.escape(f"{label} {source}")}</a>'


def _link_open(
    _renderer: Any,
    tokens: Sequence[Token],
    index: int,
    _options: Mapping[str, Any],
    _env: Mapping[str, Any],
) -> str:
    """Write a link; one that does not name http, https or mailto keeps its text only."""
    target = str(tokens[index].attrGet("href") or "")
    if not _LINK.match(target):
        return "<a>"
    title = tokens[index].attrGet("title")
    hint = f' title="{html.escape(str(title))}"' if title else ""
    return f'<a href="{html.escape(target)}"{hint}>'
