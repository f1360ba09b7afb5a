"""Code in answers, coloured with the classes that Jupyter's themes know."""

from __future__ import annotations

import html
from functools import cache
from importlib import import_module
from typing import Any, Final

__all__ = ["highlighted"]

_MOST_CHARACTERS: Final = 30_000
# The model names the language, so only these are looked up: Pygments holds hundreds of lexers,
# and searching for an unknown name reads the metadata of every installed package.
_LANGUAGES: Final = {
    **{
        name: name
        for name in [
            "bash",
            "c",
            "cpp",
            "csharp",
            "css",
            "diff",
            "docker",
            "go",
            "graphql",
            "html",
            "http",
            "ini",
            "java",
            "javascript",
            "json",
            "julia",
            "kotlin",
            "latex",
            "lua",
            "makefile",
            "markdown",
            "perl",
            "php",
            "powershell",
            "python",
            "r",
            "ruby",
            "rust",
            "scala",
            "sql",
            "swift",
            "toml",
            "typescript",
            "xml",
            "yaml",
        ]
    },
    "c++": "cpp",
    "console": "bash",
    "dockerfile": "docker",
    "js": "javascript",
    "jsx": "javascript",
    "kt": "kotlin",
    "make": "makefile",
    "md": "markdown",
    "py": "python",
    "python3": "python",
    "rb": "ruby",
    "rs": "rust",
    "sh": "bash",
    "shell": "bash",
    "tex": "latex",
    "ts": "typescript",
    "tsx": "typescript",
    "yml": "yaml",
    "zsh": "bash",
}


def highlighted(code: str, language: str, _attributes: str) -> str:
    """Colour code by its language; escaped text where that is unknown or too much."""
    name = _LANGUAGES.get(language.lower())
    lexer = _lexer(name) if name and len(code) <= _MOST_CHARACTERS else None
    if lexer is None:
        return html.escape(code)
    return str(import_module("pygments").highlight(code, lexer, _formatter()))


@cache
def _lexer(name: str) -> Any:
    """Find a lexer, or None where Pygments is not installed or lacks it."""
    try:
        lexers = import_module("pygments.lexers")
    except ImportError:
        return None
    try:
        return lexers.get_lexer_by_name(name, stripnl=False)
    except import_module("pygments.util").ClassNotFound:
        return None


@cache
def _formatter() -> Any:
    return import_module("pygments.formatters.html").HtmlFormatter(nowrap=True)
