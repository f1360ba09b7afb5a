"""``%search``: parse, search, and give the nearest rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import SEARCH
from nbnebius.errors import OptionError
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from nbnebius.magics.magic import Notebook


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the frame comes back unless it went to a variable."""
    namespace = namespace_of(notebook, local)
    options, notes = read(SEARCH, line, cell, namespace)
    if options.help:
        show_text(notebook, SEARCH.help())
        return None
    frame = _frame(options.frame, namespace)
    expanded = expand_text(options, options.query.strip(), namespace)
    if not expanded.text:
        raise OptionError(
            "There is nothing to search for",
            hint="as %search --frame vectors what do people praise",
        )
    session = default_session()
    asked: dict[str, Any] = {"model": options.model, "query_prefix": options.query_prefix}
    if options.dry_run:
        show_dry_run(notebook, session.prepare_search(frame, expanded.text, **asked))
        return None
    if options.k is not None:
        asked["k"] = options.k
    screen = Screen(notebook, "the nearest rows", streams=False, quiet=options.quiet)
    screen.notes += [*notes, *expanded.notes]
    with screen:
        found = session.find(
            frame,
            expanded.text,
            column=options.column,
            private=private(options),
            caller=caller(notebook, session, options, screen),
            **asked,
        )
    assert found.asked is not None
    screen.finish_line(_footer(len(found.rows), len(frame), found.asked, options.out))
    screen.show_notes()
    if options.out:
        notebook.bind(options.out, found.rows)
        return found.rows if options.show else None
    return found.rows


def _frame(name: str | None, namespace: Mapping[str, Any]) -> Any:
    """Look the frame up; where none is named, say which ones could be."""
    if name is not None:
        return lookup(name, namespace, hint="name what %embed -o NAME gave")
    ours = [
        one for one, value in namespace.items() if not one.startswith("_") and _holds_vectors(value)
    ]
    raise OptionError(
        "Which frame should be searched?",
        why="these hold vectors: " + ", ".join(ours[:12]) if ours else "",
        hint=f"%search --frame {ours[0]} a question in words"
        if ours
        else "make one first, as %embed -o vectors df.column, then %search --frame vectors …",
    )


def _holds_vectors(value: Any) -> bool:
    """Tell what `embed` gave from what `map` and the others gave."""
    about = (getattr(value, "attrs", None) or {}).get("nbnebius")
    return isinstance(about, dict) and "dimensions" in about


def _footer(count: int, of: int, asked: pd.DataFrame, name: str | None) -> str:
    footer = footer_text(
        model=asked.attrs["nbnebius"]["model"],
        tokens=round(asked["neb_tokens"][asked["neb_cost"] != 0].sum()),
        cost=None if asked["neb_cost"].isna().any() else float(asked["neb_cost"].sum()),
    )
    size = f"{count:,} of {of:,} rows"
    return f"{name}: {size} · {footer}" if name else f"{size} · {footer}"
