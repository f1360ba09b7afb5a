"""What is typed into a panel, read as the flags of a command are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands.option import read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.commands import Command


def read_typed(command: Command[Any], typed: Mapping[str, str | None]) -> dict[str, Any]:
    """
    Read texts as the options of a command; "" and None leave an option out.

    Parameters
    ----------
    typed
        What is typed, by the option's name.

    Raises
    ------
    OptionError
        What is typed is nothing that the option takes.
    """
    options = {option.name: option for option in command.options}
    return {
        name: read_value(options[name], text.strip()) if text and text.strip() else None
        for name, text in typed.items()
    }
