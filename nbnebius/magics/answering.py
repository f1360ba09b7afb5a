"""What chat and completion share: send what was prepared, show the answer as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import AnswerError, Stopped, StreamError, ToolRoundsError
from nbnebius.magics.calling import caller, give, private, say_kept, show_dry_run
from nbnebius.magics.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.commands.common import PaidOptions
    from nbnebius.magics.magic import Notebook
    from nbnebius.results import Reply
    from nbnebius.session import Prepared, Session


def answer(
    notebook: Notebook,
    session: Session,
    prepared: Prepared,
    options: PaidOptions,
    notes: Sequence[str],
    *,
    readable: bool = False,
    form: str = "md",
) -> Any:
    """
    Send a prepared request and show its answer; the `Reply` comes back unless it has a name.

    Parameters
    ----------
    notebook, session
        Where it is shown, and whom it goes through.
    prepared
        The request; a dry run shows it and sends nothing.
    options
        The magic's own.
    notes
        What was put into the prompt, told below the answer.
    readable
        A dry run shows the messages as they read.
    form
        How the answer is shown; see `Reply.show`.
    """
    if options.dry_run:
        show_dry_run(notebook, prepared, readable=readable)
        return None
    place = prepared.turn.place if prepared.turn else None
    streams = options.out is None or options.show
    wish = prepared.wish
    more = wish.schema or wish.tools or wish.servers or prepared.body.get("n", 1) != 1
    screen = Screen(
        notebook,
        prepared.body["model"],
        streams=streams,
        quiet=options.quiet,
        whole=bool(more),
        form=form,
    )
    screen.notes += notes
    try:
        with screen:
            reply = session.ask(
                prepared,
                stream=True,
                private=private(options),
                caller=caller(notebook, session, options, screen, place),
            )
    except Stopped as stopped:
        _show_partial(notebook, screen, options, stopped.reply, "stopped: what had come is kept")
        raise
    except StreamError as error:
        _show_partial(notebook, screen, options, error.reply, "cut off: what had come is kept")
        raise
    except (AnswerError, ToolRoundsError) as error:
        # It was paid for, so it is shown and bound before the error is raised.
        _show_partial(notebook, screen, options, error.reply, "")
        raise
    _finish(screen, reply, options, "")
    if reply.kept_from and not options.quiet:
        say_kept(notebook, reply.kept_from)
    screen.show_notes()
    return give(notebook, reply, options)


def _finish(screen: Screen, reply: Reply, options: PaidOptions, note: str) -> None:
    if screen.streams:
        screen.finish_answer(reply, "" if options.quiet else reply.footer, note)
    else:
        text = f"{options.out}: {reply.footer}"
        screen.finish_line(f"{text} · {note}" if note else text, dict(reply.metadata))


def _show_partial(
    notebook: Notebook, screen: Screen, options: PaidOptions, partial: Any, note: str
) -> None:
    if partial is None:
        return
    reply: Reply = partial
    _finish(screen, reply, options, note)
    if options.out:
        notebook.bind(options.out, reply)
