"""``%fix``: have the cell that failed corrected, and offer the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import FIX
from nbnebius.magics.calling import namespace_of, read
from nbnebius.magics.explain import ask, subject
from nbnebius.magics.offering import offer
from nbnebius.magics.screen import show_text
from nbnebius.session.explaining import asking_about_last, fixing
from nbnebius.work.code import longest_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.magics.magic import Notebook


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:  # noqa: ARG001 - the shape of all magics
    """Run the magic; the `Reply` comes back unless it went to a variable."""
    with asking_about_last():
        namespace = namespace_of(notebook, local)
        options, notes = read(FIX, line, None, namespace)
        if options.help:
            show_text(notebook, FIX.help())
            return None
        what, name = subject(notebook, options.what, namespace)
        reply = ask(notebook, options, fixing, what, name, notes)
        if not options.show_only and not options.dry_run:
            offer(notebook, reply, options, longest_code)
        return reply
