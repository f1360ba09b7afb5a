"""Every panel by its name; each is imported when it is opened."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

from nbnebius.errors import OptionError

# At run time: loaded later, the module would take the place of this room's function `panel`.
from nbnebius.panels.panel import Panel  # noqa: TC001

PANELS = ("batches", "chat", "embeddings", "files", "images", "map", "models", "usage")
"""The names of the panels; each is a folder with ``state.py`` and ``view.py``."""

TAKES_FRAME: frozenset[str] = frozenset({"embeddings", "map"})


def panel(name: str, *, frame: Any = None) -> Panel:
    """
    Open a panel: the same power by hand, and back to code.

    Parameters
    ----------
    name
        ``chat``, ``usage`` …: one of `PANELS`.
    frame
        The name of the variable with the frame to begin with, for panels that work on one.

    Returns
    -------
    Panel
        Shown as a cell's last value; ``.state`` holds what it shows, to be read and driven.

    Raises
    ------
    OptionError
        There is no such panel (the nearest is named), or it takes no frame.
    """
    if name not in PANELS:
        near = get_close_matches(str(name), PANELS, n=1)
        raise OptionError(
            f"There is no panel {name!r}" if name else "Which panel?",
            why=f"did you mean {near[0]}?" if near else "",
            hint="there are " + ", ".join(PANELS),
        )
    if frame is not None and name not in TAKES_FRAME:
        raise OptionError(f"The {name} panel takes no frame")
    view = import_module(f"nbnebius.panels.{name}.view")
    made: Panel = view.open_panel() if frame is None else view.open_panel(frame)
    return made
