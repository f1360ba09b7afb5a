"""``%%map``: parse, ask for each row, hand the frame over, and only then raise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from nbnebius.commands import MAP
from nbnebius.errors import NebiusError, OptionError
from nbnebius.magics.calling import caller, namespace_of, private, read
from nbnebius.magics.expansion import lookup
from nbnebius.magics.saving import filled
from nbnebius.magics.screen import Screen, show_text
from nbnebius.session import default_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.commands import MapOptions
    from nbnebius.magics.magic import Notebook
    from nbnebius.results.job import Job


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the frame comes back unless it went to a variable."""
    namespace = namespace_of(notebook, local)
    options, notes = read(MAP, line, cell, namespace)
    if options.help:
        show_text(notebook, MAP.help())
        return None
    if cell is None and not options.with_:
        raise OptionError(
            "There is no prompt",
            why="%map with one percent sign takes a saved one, with --with NAME",
            hint="%%map FRAME has the prompt in the cell's body",
        )
    frame = _frame(notebook, options.frame, namespace)
    options, expanded = filled(options, namespace, notes)
    if expanded.pictures:
        raise OptionError("A picture cannot stand in a row's prompt")
    notes += expanded.notes
    prompt = expanded.pieces
    asked = _asked(options, namespace)
    if not options.with_:
        notebook.asked = "map", line, cell
    session = default_session()
    if options.dry_run:
        return session.plan(frame, prompt, **asked)
    screen = Screen(notebook, "the rows", streams=False, quiet=options.quiet)
    screen.notes += notes
    with screen:
        job = session.run_map(
            frame,
            prompt,
            via=options.via,
            background=options.background,
            private=private(options),
            caller=caller(notebook, session, options, screen),
            **asked,
        )
    return _give(notebook, options, screen, job)


def _asked(options: MapOptions, namespace: Mapping[str, Any]) -> dict[str, Any]:
    names = ("model", "system", "name", "budget", "price", "concurrency", "sample", "repeat")
    schema = options.schema
    return {
        **{name: getattr(options, name) for name in names},
        "allow_failed": options.allow_failed,
        "schema": None if schema is None else namespace.get(schema, schema),
        "fresh": options.fresh,
        "raw": options.raw,
        **options.parameters,
    }


def _frame(notebook: Notebook, text: str, namespace: Mapping[str, Any]) -> Any:
    """Give the frame that a line names: a variable, or an expression in quotes."""
    given = text.strip()
    if not given:
        raise OptionError(
            "The line names no frame", hint='as %%map reviews, or %%map "reviews.head(100)"'
        )
    if given[0] not in "\"'":
        return lookup(given, namespace, hint='an expression stands in quotes: %%map "df.head(9)"')
    try:
        expression = ast.literal_eval(given)
        code = compile(expression.strip(), "<%%map>", "eval")
    except (ValueError, SyntaxError, TypeError, AttributeError) as error:
        raise OptionError(
            "The quoted expression cannot be read", why=str(error)[:120], hint="check its quotes"
        ) from None
    # The user's own Python, typed into the cell: what it raises is shown as it is.
    return eval(code, notebook.shell.user_ns, dict(namespace))  # noqa: S307


def _give(notebook: Notebook, options: MapOptions, screen: Screen, job: Job) -> Any:
    """Bind the frame, show how it went, and raise what ended it."""
    if options.background:
        screen.show_notes()
        if options.out:
            notebook.bind(options.out, job)
        return job if options.show or not options.out else None
    frame = job.frame()
    if options.out:
        notebook.bind(options.out, frame)
    footer = f"{options.out}: {job.summary}" if options.out else job.summary
    screen.finish_line(footer, {"nbnebius": job.about})
    screen.show_notes()
    try:
        job.outcome()
    except NebiusError:
        if not options.out:
            notebook.bind("_", frame)  # nothing that was paid for goes without a name
        raise
    return frame if options.show or not options.out else None
