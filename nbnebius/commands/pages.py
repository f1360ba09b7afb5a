"""
The page ``docs/magics.md``, made from the commands: every magic, every flag, every verb.

::

    python -m nbnebius.commands.pages > docs/magics.md
"""

from __future__ import annotations

import inspect
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbnebius.commands import COMMANDS
from nbnebius.commands.layout import left_of
from nbnebius.commands.nebius import EXAMPLES, NOTES, SUMMARY, VERBS
from nbnebius.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbnebius.commands.command import Command
    from nbnebius.commands.option import Option

TITLE = """\
# The magics

`%load_ext nbnebius` brings them. This page is made from what the magics themselves read:
`python -m nbnebius.commands.pages > docs/magics.md`. In a notebook the same stands in `%chat?`,
`%chat --help` and `%nebius help chat`, and Tab completes magics, flags and their values.

Flags stand before the text of a line, or as `--long value` at its end; `--` ends them. A value
that holds blanks stands in quotes. `NAME <<` as first word assigns the answer, as `-o NAME` does;
`NAME =<<` assigns and shows it.
"""


def magics_page() -> str:
    """Write the whole page."""
    parts = [TITLE, *(_command(COMMANDS[name]) for name in sorted(COMMANDS)), _nebius()]
    return "\n".join(parts)


def _command(command: Command[Any]) -> str:
    kind = "%%" if command.line_text or not _has_line(command) else "%"
    lines = [f"## {kind}{command.name}", "", command.summary, "", "```text", *command.usage, "```"]
    lines += ["", *_options(command.options)]
    if command.notes:
        lines += ["", _prose(command.notes)]
    lines += ["", "```python", "\n\n".join(command.examples), "```"]
    lines += ["", f"In Python: `{_signature(command.name)}`", ""]
    return "\n".join(lines)


def _has_line(command: Command[Any]) -> bool:
    return any(re.match(r"%\w", form) for form in command.usage)


def _signature(name: str) -> str:
    # By its public name: some live in rooms above this one.
    function = getattr(import_module("nbnebius"), name)
    shown = []
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        stars = "**" if each.kind is each.VAR_KEYWORD else ""
        usual = "" if each.default is each.empty else f"={each.default!r}"
        shown.append(f"{stars}{each.name}{usual}")
    return f"neb.{name}({', '.join(shown)})"


def _options(options: Sequence[Option]) -> list[str]:
    return _table(("flag", "meaning"), ((f"`{left_of(o)}`", _prose(o.help)) for o in options))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    written = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return [f"| {row} |" for row in (" | ".join(heads), " | ".join("---" for _ in heads), *written)]


def _prose(text: str) -> str:
    """Write help as Markdown: braces, flags and magics in it are code."""
    return re.sub(r"(?<![\w`])(\{\{?[^{}]+\}\}?|%%?\w+|--[a-z][\w-]*)", r"`\1`", text)


def _nebius() -> str:
    lines = ["## %nebius", "", SUMMARY, ""]
    lines += _table(
        ("form", "what it does"),
        (
            (f"`{f'%nebius {form}'.strip()}`", _prose(text))
            for verb in VERBS.values()
            for form, text in verb.forms
        ),
    )
    lines += ["", _prose(NOTES), "", "```python", "\n\n".join(EXAMPLES), "```", ""]
    for verb in VERBS.values():
        if verb.options:
            lines += [f"### %nebius {verb.name}", "", *_options(verb.options), ""]
        if verb.notes:
            lines += [_prose(verb.notes), ""]
    lines += ["### Settings", "", "What `%nebius config` shows and sets.", ""]
    lines += _table(
        ("setting", "takes", "meaning"),
        ((f"`{s.name}`", s.expects, s.help) for s in SETTINGS.values()),
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(magics_page())
