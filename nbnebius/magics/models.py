"""``%models``: the service's models as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import MODELS
from nbnebius.errors import OptionError
from nbnebius.magics.calling import namespace_of, read
from nbnebius.magics.screen import say, show_text
from nbnebius.session.functions import models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.magics.magic import Notebook

ASKED = (
    "source",
    "type",
    "sort",
    "max_price",
    "context",
    "base_url",
    "query",
    "view_option",
    "tag",
    "order_by",
    "direction",
    "page",
)


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the frame comes back unless it went to a variable."""
    options, _ = read(MODELS, line, cell, namespace_of(notebook, local))
    if options.help:
        show_text(notebook, MODELS.help())
        return None
    asked = {each.name: getattr(options, each.name) for each in MODELS.options}
    told = {name: asked[name] for name in ASKED if asked[name] is not None}
    text = options.text.strip()
    if text and options.search:
        raise OptionError("Two searches are given", hint="leave --search or the text out")
    frame = models(search=text or options.search or "", **told)
    if options.out:
        notebook.bind(options.out, frame)
        if not options.quiet:
            say(notebook, f"{options.out}: {len(frame):,} models")
        return frame if options.show else None
    return frame
