"""``%models``: the service's models as a frame."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from nbnebius.commands import MODELS
from nbnebius.errors import OptionError
from nbnebius.magics.calling import namespace_of, read
from nbnebius.magics.screen import say, show_text
from nbnebius.rendering.table import fitting
from nbnebius.session.functions import models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.magics.magic import Notebook

# What a narrow table tells of a model, the most wanted first.
FIRST = ("id", "type", "price_in", "price_out", "context", "price_image", "quantization")
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
    if not notebook.in_kernel and notebook.is_bare():
        # A terminal is too narrow for the whole frame, which `_` holds.
        show_text(notebook, fitting(frame, FIRST, get_terminal_size().columns))
        notebook.bind("_", frame)
        return None
    return frame
