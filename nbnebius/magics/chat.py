"""``%chat`` and ``%%chat``: parse, ask, and show the answer as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import CHAT
from nbnebius.errors import OptionError
from nbnebius.magics.answering import answer
from nbnebius.magics.calling import namespace_of, read
from nbnebius.magics.expansion import lookup
from nbnebius.magics.named import named_pictures, named_schema
from nbnebius.magics.offering import offer
from nbnebius.magics.saving import filled
from nbnebius.magics.screen import show_text
from nbnebius.session import FUNCTION, Caller, default_session
from nbnebius.session.attaching import with_files
from nbnebius.work.code import joined_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.commands import ChatOptions
    from nbnebius.magics.magic import Notebook


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the `Reply` comes back unless it went to a variable."""
    namespace = namespace_of(notebook, local)
    options, notes = read(CHAT, line, cell, namespace)
    if options.help:
        show_text(notebook, CHAT.help())
        return None
    options, expanded = filled(options, namespace, notes)
    session = default_session()
    # A file is text, like a value: its braces are never looked at.
    attached = session.attach(options.file)
    notes += [each.note for each in attached]
    thread = session.thread_named(_thread(options))
    prepared = session.prepare_chat(
        with_files(expanded.text, attached),
        model=options.model,
        system=options.system,
        images=[*named_pictures(options.images, namespace), *expanded.pictures] or None,
        tools=_tools(options, namespace),
        approve=options.approve,
        schema=_schema(options, namespace),
        multi=options.schema_multi is not None,
        repair=options.repair,
        thread=thread,
        caller=Caller(notebook.place(), lasting=notebook.has_cell_id) if thread else FUNCTION,
        **options.parameters,
    )
    notes += expanded.notes
    if not options.with_:
        notebook.asked = "chat", line, cell
    reply = answer(notebook, session, prepared, options, notes, form=options.as_)
    if options.code and not options.dry_run:
        offer(notebook, reply, options, joined_code)
    return reply


def _thread(options: ChatOptions) -> str | None:
    """Give the thread that one of the two flags names."""
    if options.continues and options.thread is not None:
        raise OptionError(
            "There are two threads", why="-c is the notebook's own", hint="use -c or --thread NAME"
        )
    return "notebook" if options.continues else options.thread


def _tools(options: ChatOptions, namespace: Mapping[str, Any]) -> list[Any] | None:
    """Give the functions that ``--tools`` names."""
    if options.tools is None:
        return None
    names = [name.strip() for name in options.tools.split(",") if name.strip()]
    hint = "define the function first; several are written as --tools f,g"
    return [lookup(name, namespace, hint=hint) for name in names]


def _schema(options: ChatOptions, namespace: Mapping[str, Any]) -> Any:
    """Give the schema that one of the two flags names."""
    if options.schema is not None and options.schema_multi is not None:
        raise OptionError("There are two schemas", hint="use --schema or --schema-multi")
    text = options.schema if options.schema is not None else options.schema_multi
    return named_schema(text, namespace)
