"""``%explain``: have the last error explained, or what is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import EXPLAIN
from nbnebius.magics.answering import answer
from nbnebius.magics.calling import namespace_of, read
from nbnebius.magics.expansion import lookup
from nbnebius.magics.history import CELL, inputs
from nbnebius.magics.screen import show_text
from nbnebius.session import default_session
from nbnebius.session.explaining import (
    asking_about_last,
    cell_to_mend,
    explaining,
    last_error,
)
from nbnebius.work.estimate import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbnebius.commands.common import SamplingOptions
    from nbnebius.magics.magic import Notebook
    from nbnebius.session.explaining import Question

HINT = "name a variable, a function, or a cell as In[3]; nothing at all is the last error"


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:  # noqa: ARG001 - the shape of all magics
    """Run the magic; the `Reply` comes back unless it went to a variable."""
    with asking_about_last():
        namespace = namespace_of(notebook, local)
        options, notes = read(EXPLAIN, line, None, namespace)
        if options.help:
            show_text(notebook, EXPLAIN.help())
            return None
        what, name = subject(notebook, options.what, namespace)
        return ask(notebook, options, explaining, what, name, notes)


def subject(notebook: Notebook, named: str | None, namespace: Mapping[str, Any]) -> tuple[Any, str]:
    """Give what a line names, and its name: a cell, a variable, or the last error for nothing."""
    expression = (named or "").strip()
    error = last_error()
    if not expression:
        return error, ""
    if found := CELL.match(expression):
        earlier = inputs(notebook.shell)
        try:
            number = earlier.number(int(found[1]))
        except IndexError:
            number = int(found[1])
        return cell_to_mend(number, error), expression
    return lookup(expression, namespace, hint=HINT), expression


def ask(
    notebook: Notebook,
    options: SamplingOptions,
    put: Callable[..., Question],
    what: Any,
    name: str,
    notes: list[str],
) -> Any:
    """Put the question that `put` makes, and tell what was sent."""
    session = default_session()
    question = put(what, name, session.endpoint.key)
    prepared = session.prepare_chat(
        question.prompt, model=options.model, system=question.system, **options.parameters
    )
    tokens = estimate_tokens(question.prompt)
    told = f"sent: {question.about}; about {tokens:,} tokens. --dry-run shows it"
    if not options.quiet:
        notes = [*notes, told]
    return answer(notebook, session, prepared, options, notes, readable=True)
