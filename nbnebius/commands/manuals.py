"""Every manual by name: of the magics, and of the verbs of ``%nebius``."""

from __future__ import annotations

from nbnebius.commands import COMMANDS
from nbnebius.commands.nebius import VERBS, manual_of_nebius

NAMES = ("nebius", *COMMANDS, *VERBS)


def manual(name: str) -> str:
    """Give the manual of a magic or a verb; a magic comes first where both have the name."""
    if name == "nebius":
        return manual_of_nebius()
    return COMMANDS[name].help() if name in COMMANDS else VERBS[name].help()
