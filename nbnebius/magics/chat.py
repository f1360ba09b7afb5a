"""``%chat`` and ``%%chat``: parse, ask, and show the answer as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import CHAT
from nbnebius.errors import Stopped, StreamError
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
from nbnebius.magics.files import read_file
from nbnebius.magics.screen import Screen, show_text
from nbnebius.session import default_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.commands import ChatOptions
    from nbnebius.magics.magic import Notebook
    from nbnebius.results import Reply


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the `Reply` comes back unless it went to a variable."""
    namespace = namespace_of(notebook, local)
    options, notes = read(CHAT, line, cell, namespace)
    if options.help:
        show_text(notebook, CHAT.help())
        return None
    expanded = expand_text(options, options.prompt, namespace, pictures=True)
    if options.file:
        # A file is text, like a value: its braces are never looked at.
        expanded.text = f"{read_file(options.file)}\n\n{expanded.text}".strip()
    asked = {
        "model": options.model,
        "system": options.system,
        "images": [*_pictures(options, namespace), *expanded.pictures] or None,
        **options.parameters,
    }
    session = default_session()
    if options.dry_run:
        show_dry_run(notebook, session.prepare_chat(expanded.text, **asked))
        return None
    streams = options.out is None or options.show
    screen = Screen(notebook, options.model or "the model", streams=streams, quiet=options.quiet)
    screen.notes += [*notes, *expanded.notes]
    try:
        with screen:
            reply = session.chat(
                expanded.text,
                stream=True,
                private=private(options),
                caller=caller(notebook, session, options, screen),
                **asked,
            )
    except Stopped as stopped:
        _show_partial(notebook, screen, options, stopped.reply, "stopped: what had come is kept")
        raise
    except StreamError as error:
        _show_partial(notebook, screen, options, error.reply, "cut off: what had come is kept")
        raise
    _finish(screen, reply, options, "")
    if reply.kept_from and not options.quiet:
        say_kept(notebook, reply.kept_from)
    screen.show_notes()
    return give(notebook, reply, options)


def _finish(screen: Screen, reply: Reply, options: ChatOptions, note: str) -> None:
    if screen.view:
        screen.finish_answer(reply, "" if options.quiet else reply.footer, note)
    else:
        text = f"{options.out}: {reply.footer}"
        screen.finish_line(f"{text} · {note}" if note else text, dict(reply.metadata))


def _show_partial(
    notebook: Notebook, screen: Screen, options: ChatOptions, partial: Any, note: str
) -> None:
    if partial is None:
        return
    reply: Reply = partial
    _finish(screen, reply, options, note)
    if options.out:
        notebook.bind(options.out, reply)


def _pictures(options: ChatOptions, namespace: Mapping[str, Any]) -> list[Any]:
    """Give the pictures that ``--images`` names: variables by name, else paths and URLs."""
    found: list[Any] = []
    for name in options.images:
        value = namespace[name] if name.isidentifier() and name in namespace else name
        found.extend(value if isinstance(value, list | tuple) else [value])
    return found
