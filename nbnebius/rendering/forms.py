"""The forms an answer can be shown in: as Markdown, as it is, as JSON, as its code alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from nbnebius.rendering.answer import answer_bundle
from nbnebius.rendering.safe import as_written, parser, plain, safe_html

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FORMS", "code_bundle", "json_bundle", "text_bundle"]

FORMS: Final = ("md", "text", "json", "code")
_MOST_COLOURED: Final = 30_000  # characters; more is shown without colours


def text_bundle(
    text: str, *, reasoning: str | None = None, footer: str = "", note: str = ""
) -> dict[str, str]:
    """Show an answer to the letter; the other arguments are those of `answer_bundle`."""
    return _around(as_written(plain(text)), text, reasoning, footer, note)


def json_bundle(
    values: Sequence[Any], *, reasoning: str | None = None, footer: str = "", note: str = ""
) -> dict[str, str]:
    """Show JSON values, indented, each for itself; the other arguments as of `answer_bundle`."""
    texts = [json.dumps(value, indent=2, ensure_ascii=False) for value in values]
    page = "".join(_code_html(text, "json") for text in texts)
    return _around(page, "\n\n".join(texts), reasoning, footer, note)


def code_bundle(
    text: str, *, reasoning: str | None = None, footer: str = "", note: str = ""
) -> dict[str, str] | None:
    """
    Show the code of an answer, coloured and without the words around it; None where there is none.

    Nothing is run. The other arguments are those of `answer_bundle`.
    """
    blocks = [token for token in parser().parse(plain(text)) if token.type == "fence"]
    if not blocks:
        return None
    page = "".join(_code_html(block.content, (block.info.split() or [""])[0]) for block in blocks)
    code = "\n".join(block.content for block in blocks)
    return _around(page, code, reasoning, footer, note)


def _code_html(code: str, language: str) -> str:
    """Give code its colours, through the sink that all text of a model goes through."""
    if len(code) > _MOST_COLOURED:
        return as_written(plain(code))
    fence = "`" * 3
    while fence in code:
        fence += "`"
    return safe_html(f"{fence}{language}\n{code.rstrip()}\n{fence}")


def _around(page: str, text: str, reasoning: str | None, footer: str, note: str) -> dict[str, str]:
    before = answer_bundle("", reasoning=reasoning)["text/html"]
    after = answer_bundle("", footer=footer, note=note)
    parts = [part for part in (plain(text.rstrip()), after["text/plain"]) if part]
    return {
        "text/html": before + page + after["text/html"],
        "text/plain": "\n\n".join(parts),
    }
