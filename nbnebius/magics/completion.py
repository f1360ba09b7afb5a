"""``%completion`` and ``%%completion``: parse, ask, and show the continuation as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import COMPLETION
from nbnebius.magics.answering import answer
from nbnebius.magics.calling import expand_text, namespace_of, read
from nbnebius.magics.screen import show_text
from nbnebius.session import default_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.magics.magic import Notebook


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the `Reply` comes back unless it went to a variable."""
    namespace = namespace_of(notebook, local)
    options, notes = read(COMPLETION, line, cell, namespace)
    if options.help:
        show_text(notebook, COMPLETION.help())
        return None
    expanded = expand_text(options, options.prompt, namespace)
    session = default_session()
    prepared = session.prepare_completion(
        expanded.text, model=options.model, logprobs=options.logprobs, **options.parameters
    )
    return answer(notebook, session, prepared, options, [*notes, *expanded.notes])
