"""``%image`` and ``%%image``: parse, draw, and give the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import IMAGE
from nbnebius.magics.calling import (
    caller,
    expand_options,
    give,
    namespace_of,
    private,
    say_kept,
    show_dry_run,
)
from nbnebius.magics.screen import Screen, show_text
from nbnebius.session import default_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.magics.magic import Notebook


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the `Gallery` comes back unless it went to a variable."""
    parsed = IMAGE.parse(line, cell)
    if parsed.help:
        show_text(notebook, IMAGE.help())
        return None
    options, expanded = expand_options(parsed, "prompt", namespace_of(notebook, local))
    names = ("model", "width", "height", "steps", "seed", "negative", "guidance", "n", "format")
    asked = {name: getattr(options, name) for name in names}
    session = default_session()
    if options.dry_run:
        show_dry_run(notebook, session.prepare_image(options.prompt, **asked))
        return None
    screen = Screen(notebook, options.model or "the picture", streams=False, quiet=options.quiet)
    screen.notes.extend(expanded.notes)
    gallery = session.image(
        options.prompt,
        save=options.save,
        private=private(options),
        caller=caller(notebook, session, options, screen),
        **asked,
    )
    if options.out and not options.show:
        screen.finish_line(f"{options.out}: {gallery.footer}")
    else:
        screen.show_result(gallery)
    if gallery.kept_from and not options.quiet:
        say_kept(notebook, gallery.kept_from)
    screen.show_notes()
    return give(notebook, gallery, options)
