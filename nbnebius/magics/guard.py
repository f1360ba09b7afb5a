"""
Two guards around the magics' names.

A bare ``files`` or ``chat hello`` never runs a magic of ours, although IPython's automagic would.
And a question mark at the end of ``%chat is this python?`` belongs to the question, while
``%chat?`` still shows help, and ``%chat??`` the same: nobody asks for a magic's source code.
"""

from __future__ import annotations

import re
from typing import Any


class Guard:
    """Both guards of one shell; a prefilter checker as IPython knows them."""

    # Before IPython's automagic (700), after what looks at explicit escapes and assignments.
    priority = 690
    enabled = True

    def __init__(self, shell: Any, names: set[str]) -> None:
        self.shell = shell
        self._names = names
        words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        # A line magic with text before the question mark; help forms have none.
        self._question = re.compile(
            rf"^(?P<call>[ \t]*(?:[\w.,\[\]'\" ]+=\s*)?%(?:{words})[ \t]+\S[^\n]*\?)[ \t]*$"
        )

        self._help = re.compile(rf"^[ \t]*(?:%%?(?:{words})\?\?|\?\?%%?(?:{words}))[ \t]*$")

    def install(self) -> None:
        """Put both in place."""
        self.shell.prefilter_manager.register_checker(self)
        self.shell.input_transformers_cleanup.append(self.keep_question_marks)

    def remove(self) -> None:
        """Take both away."""
        self.shell.prefilter_manager.unregister_checker(self)
        transformers = self.shell.input_transformers_cleanup
        if self.keep_question_marks in transformers:
            transformers.remove(self.keep_question_marks)

    def check(self, line_info: Any) -> Any:
        """Keep a bare word that is a magic's name plain Python."""
        if line_info.ifun in self._names and not line_info.esc:
            return self.shell.prefilter_manager.get_handler_by_name("normal")
        return None

    def keep_question_marks(self, lines: list[str]) -> list[str]:
        """Add a blank after a question's mark; IPython asks for help no more and strips it."""
        if len(lines) > 1 and lines[0].lstrip().startswith("%%"):
            return lines
        kept = []
        for line in lines:
            body = line.rstrip("\r\n")
            found = self._question.match(body)
            if self._help.match(body):
                kept.append(line.replace("??", "?"))
            else:
                kept.append(f"{found['call']} {line[len(body) :]}" if found else line)
        return kept
