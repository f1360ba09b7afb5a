"""
The magics: each parses its line, calls the session and shows what comes back.

Loading registers small callables by name and nothing else; a magic's own module is imported when
it is first used.
"""

from __future__ import annotations

from typing import Any

from nbnebius.magics.guard import Guard
from nbnebius.magics.magic import MAGICS, Magic, Notebook
from nbnebius.magics.tab import Tab

_ATTRIBUTE = "_nbnebius_loaded"


def load(shell: Any) -> None:
    """Register the magics with a shell; loading twice changes nothing."""
    if getattr(shell, _ATTRIBUTE, None):
        return
    notebook = Notebook(shell)
    registry = shell.magics_manager.magics
    mine: list[tuple[str, str, Magic]] = []
    called: dict[str, str] = {}
    for name, kinds in MAGICS.items():
        taken = any(name in registry[kind] for kind in kinds)
        chosen = f"neb_{name}" if taken else name
        if taken:
            import warnings

            warnings.warn(
                f"%{name} is already another extension's magic; nbnebius's is %{chosen}",
                stacklevel=2,
            )
        called[chosen] = name
        magic = Magic(name, chosen, notebook)
        for kind in kinds:
            registry[kind][chosen] = magic
            mine.append((kind, chosen, magic))
    guard = Guard(shell, {name for _, name, _ in mine})
    guard.install()
    notebook.install()
    tab = Tab(shell, called)
    tab.install()
    setattr(shell, _ATTRIBUTE, (notebook, guard, tab, mine))


def unload(shell: Any) -> None:
    """Take the magics back, close the session, leave nothing behind."""
    loaded = getattr(shell, _ATTRIBUTE, None)
    if not loaded:
        return
    notebook, guard, tab, mine = loaded
    delattr(shell, _ATTRIBUTE)
    for kind, name, magic in mine:
        if shell.magics_manager.magics[kind].get(name) is magic:
            del shell.magics_manager.magics[kind][name]
    guard.remove()
    tab.remove()
    notebook.remove()
    from sys import modules

    if "nbnebius.session" in modules:
        from nbnebius.session import close_default

        close_default()
