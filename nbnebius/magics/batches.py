"""``%batches``: list batches, and look after one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nbnebius.commands import BATCHES
from nbnebius.commands.line import COMMENT
from nbnebius.errors import OptionError
from nbnebius.magics.calling import namespace_of, read
from nbnebius.magics.screen import say, show_text
from nbnebius.session.functions import batches, cancel_batch, get_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbnebius.magics.magic import Notebook

VERBS: dict[str, Callable[[str], Any]] = {
    "status": get_batch,
    "wait": lambda batch_id: get_batch(batch_id).wait(),
    "cancel": cancel_batch,
    "results": lambda batch_id: get_batch(batch_id).results(),
}


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; a frame or a `BatchJob` comes back unless it went to a variable."""
    line = COMMENT.sub("", line)
    options, _ = read(BATCHES, line, cell, namespace_of(notebook, local))
    if options.help:
        show_text(notebook, BATCHES.help())
        return None
    words = options.words.split()
    if len(words) > 2:  # noqa: PLR2004 - an id and a verb
        raise OptionError("%batches takes an id and a verb", hint="as %batches ID results")
    verb = words[1] if len(words) > 1 else "status"
    if verb not in VERBS:
        near = get_close_matches(verb, VERBS, n=1)
        raise OptionError(
            f"%batches has no {verb!r}",
            why=f"did you mean {near[0]}?" if near else "",
            hint="it has " + ", ".join(VERBS),
        )
    value = VERBS[verb](words[0]) if words else batches(options.limit)
    if options.out:
        notebook.bind(options.out, value)
        if not options.quiet:
            say(notebook, f"{options.out}: {type(value).__name__}")
        return value if options.show else None
    return value
