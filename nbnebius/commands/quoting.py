"""Quotes around a value: taken off as it is read, put on as it is written."""

from __future__ import annotations

import re

from nbnebius.errors import OptionError

ESCAPE = re.compile(r"""\\(["\\nrt]|u[0-9a-fA-F]{4})""")
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def unquote(text: str) -> str:
    """Take the quotes off a value, if it stands in quotes."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":  # noqa: PLR2004 - two quotes
        if text[0] == "'":
            return re.sub(r"\\([\\'])", r"\1", text[1:-1])
        return ESCAPE.sub(_unescape, text[1:-1])
    if text[:1] in {'"', "'"}:
        raise OptionError("A quote is not closed", why=f"it begins at {text[:20]}")
    return text


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if code[0] == "u" else ESCAPED.get(code, code)


def quote(text: str) -> str:
    """Write a value so that it is read back as it is."""
    if re.fullmatch(r"[^\s\"'\\{#-][^\s\"'\\{]*", text) and text.isprintable():
        return text
    inside = "".join(
        f"\\u{ord(c):04x}" if len(f"_{c}_".splitlines()) > 1 else c
        for c in text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    )
    return f'"{inside}"'
