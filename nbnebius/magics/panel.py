"""``%panel``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import PANEL
from nbnebius.magics.calling import namespace_of, read
from nbnebius.magics.screen import show_text
from nbnebius.panels import panel
from nbnebius.panels.notebook import need_front_end

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.magics.magic import Notebook


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the panel comes back, and is shown as the cell's value."""
    options, _ = read(PANEL, line, cell, namespace_of(notebook, local))
    if options.help:
        show_text(notebook, PANEL.help())
        return None
    need_front_end()
    made = panel(options.name.strip(), frame=options.frame)
    if options.out:
        notebook.bind(options.out, made)
        return made if options.show else None
    return made
