"""``%embed`` and ``%%embed``: parse, embed, and give the frame."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from nbnebius.commands import EMBED, EmbedOptions
from nbnebius.errors import NebiusError, OptionError
from nbnebius.magics.calling import (
    caller,
    expand_text,
    namespace_of,
    private,
    read,
    show_dry_run,
)
from nbnebius.magics.expansion import lookup
from nbnebius.magics.screen import Screen, show_text
from nbnebius.rendering.answer import footer_text
from nbnebius.session import default_session
from nbnebius.session.texts import read_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from nbnebius.magics.magic import Notebook


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the frame comes back unless it went to a variable."""
    namespace = namespace_of(notebook, local)
    options, notes = read(EMBED, line, cell, namespace)
    if options.help:
        show_text(notebook, EMBED.help())
        return None
    texts = _given(options, namespace, notes)
    session = default_session()
    asked: dict[str, Any] = {"model": options.model, "dimensions": options.dimensions}
    if options.dry_run:
        prepared = session.prepare_embed(read_texts(texts, options.column), **asked)
        show_dry_run(notebook, prepared)
        return None
    screen = Screen(notebook, "the vectors", streams=False, quiet=options.quiet)
    screen.notes += notes
    try:
        with screen:
            frame = session.embed(
                texts,
                column=options.column,
                normalize=options.normalize,
                private=private(options),
                caller=caller(notebook, session, options, screen),
                **asked,
            )
    except NebiusError as error:
        if error.frame is not None:
            # What was paid for is bound before the error is raised.
            _give(notebook, screen, error.frame, options)
        raise
    return _give(notebook, screen, frame, options)


def _give(notebook: Notebook, screen: Screen, frame: Any, options: EmbedOptions) -> Any:
    screen.finish_line(_footer(frame, options.out))
    screen.show_notes()
    if options.out:
        notebook.bind(options.out, frame)
        return frame if options.show else None
    return frame


def _given(options: EmbedOptions, namespace: Mapping[str, Any], notes: list[str]) -> Any:
    """Read what is to be embedded: a line's variable or text, or the pieces of a cell."""
    if not options.cell:
        if options.by:
            raise OptionError("--by cuts a cell's body", hint="use %%embed, or leave --by out")
        return _named(options.texts, namespace)
    if options.column:
        raise OptionError("--column is for a frame", hint="as %embed --column text reviews")
    expanded = expand_text(options, options.texts, namespace)
    notes.extend(expanded.notes)
    return _cut(expanded.text, options.by)


def _named(text: str, namespace: Mapping[str, Any]) -> Any:
    """Read a line's argument: quoted is text, unquoted is a variable."""
    given = text.strip()
    if not given:
        raise OptionError(
            "There is nothing to embed",
            hint='as %embed "a text", %embed df.column, or %%embed with a text per line',
        )
    if given[0] in "\"'":
        try:
            value = ast.literal_eval(given)
        except (ValueError, SyntaxError):
            raise OptionError("The quotes around the text do not match") from None
        return value
    return lookup(
        given,
        namespace,
        hint="quote it if it is a text",
    )


def _cut(body: str, by: str | None) -> list[str]:
    if by == "cell":
        pieces = [body]
    elif by == "paragraph":
        pieces = re.split(r"\n\s*\n", body)
    else:
        pieces = body.splitlines()
    found = [piece.strip() for piece in pieces if piece.strip()]
    if not found:
        raise OptionError("There is nothing to embed", hint="write one text per line")
    return found


def _footer(frame: pd.DataFrame, name: str | None) -> str:
    about = frame.attrs["nbnebius"]
    counts = frame["neb_status"].value_counts()
    paid = frame["neb_cost"] != 0
    tokens = frame.loc[paid, "neb_tokens"].sum()
    unknown = (frame["neb_status"] == "ok") & frame["neb_cost"].isna()
    footer = footer_text(
        model=about["model"],
        tokens=round(tokens),
        cost=None if unknown.any() else float(frame["neb_cost"].sum()),
    )
    others = [f"{n:,} {word}" for word, n in counts.items() if n and word != "ok"]
    size = f"{len(frame):,} x {about['dimensions']:,}"
    return " · ".join([f"{name}: {size}" if name else size, *others, footer])
