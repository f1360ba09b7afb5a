"""
Tab, in the lines and the cells of our magics.

IPython asks the one small function here for every Tab; it looks at the cell's text and goes home
where no magic of ours stands in it. Only then is anything imported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.core.completer import CompletionContext, SimpleMatcherResult

IDENTIFIER = "nbnebius"


class Tab:
    """
    The completer of one shell.

    Parameters
    ----------
    shell
        The shell that asks.
    called
        What each magic is called here, and its own name.
    """

    def __init__(self, shell: Any, called: Mapping[str, str]) -> None:
        self._shell = shell
        self._called = dict(called)
        words = "|".join(sorted(map(re.escape, called), key=len, reverse=True))
        self._line = re.compile(rf"[ \t]*(?:[\w.,\[\]'\" ]+=\s*)?%({words})[ \t](.*)", re.DOTALL)
        self._cell = re.compile(rf"\s*%%({words})(?:[ \t]([^\n]*))?(?:\n|$)")

    def install(self) -> None:
        """Put the matcher in the place of one that was there before."""

        @context_matcher(identifier=IDENTIFIER, priority=200)
        def complete(context: CompletionContext) -> SimpleMatcherResult:
            return self._complete(context)

        self.remove()
        self._shell.Completer.custom_matchers.append(complete)

    def remove(self) -> None:
        """Take it away."""
        matchers = self._shell.Completer.custom_matchers
        matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != IDENTIFIER]

    def _complete(self, context: CompletionContext) -> SimpleMatcherResult:
        try:
            fragment, found = self._suggest(context)
        except Exception:  # noqa: BLE001 - a completion that fails is none, and never a traceback
            fragment, found = "", []
        if not found:
            return {"completions": []}
        return {
            "completions": [SimpleCompletion(one.text, type=one.note) for one in found],
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }

    def _suggest(self, context: CompletionContext) -> tuple[str, list[Any]]:
        text, row, column = context.full_text, context.cursor_line, context.cursor_position
        if "%" not in text:
            return "", []
        rows = text.split("\n")
        before, after = rows[row][:column], rows[row][column:]
        if cell := self._cell.match(text):
            return self._in_cell(cell, before, after, row)
        if line := self._line.fullmatch(before):
            from nbnebius.magics.suggesting import suggest_line

            return suggest_line(self._called[line[1]], line[2], after, self._names())
        return "", []

    def _in_cell(
        self, cell: re.Match[str], before: str, after: str, row: int
    ) -> tuple[str, list[Any]]:
        from nbnebius.magics.suggesting import suggest_body, suggest_line

        name, head = self._called[cell[1]], cell[2] or ""
        first = cell.string.count("\n", 0, cell.start(1))
        if row > first:
            return suggest_body(name, head, before, self._names())
        start = cell.end(1) - cell.string.rfind("\n", 0, cell.end(1)) - 1
        if row < first or len(before) <= start:
            return "", []  # the magic's own name is IPython's to complete
        return suggest_line(name, before[start + 1 :], after, self._names())

    def _names(self) -> dict[str, Any]:
        hidden = self._shell.user_ns_hidden
        return {k: v for k, v in self._shell.user_ns.items() if hidden.get(k) is not v}
