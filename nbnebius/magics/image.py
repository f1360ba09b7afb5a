"""``%image`` and ``%%image``: parse, draw, and give the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import IMAGE
from nbnebius.magics.calling import (
    caller,
    expand_text,
    give,
    namespace_of,
    private,
    read,
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
    namespace = namespace_of(notebook, local)
    options, notes = read(IMAGE, line, cell, namespace)
    if options.help:
        show_text(notebook, IMAGE.help())
        return None
    expanded = expand_text(options, options.prompt, namespace)
    names = ("model", "width", "height", "steps", "seed", "negative", "guidance", "n", "format")
    asked = {name: getattr(options, name) for name in names}
    session = default_session()
    if options.dry_run:
        show_dry_run(notebook, session.prepare_image(expanded.text, **asked))
        return None
    screen = Screen(notebook, options.model or "the picture", streams=False, quiet=options.quiet)
    screen.notes += [*notes, *expanded.notes]
    with screen:
        gallery = session.image(
            expanded.text,
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
