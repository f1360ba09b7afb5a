"""
Names of a user's own for models: ``fast`` for ``Qwen/Qwen3-32B``.

An alias stands wherever a model is named, and is a model's id by the time a request is made. The
service's own ids come first, so an alias never hides a model. A project's ``[tool.nbnebius]`` may
hold a table ``aliases`` too: it may choose models by other names already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NAME = re.compile(r"[^\W\d][\w.-]{0,63}")


def check_alias(name: str, model: str, ids: Collection[str] = ()) -> tuple[str, str]:
    """
    Check an alias and what it stands for.

    Parameters
    ----------
    name, model
        The alias, and the id of its model.
    ids
        The ids of the service's models, as far as they are known.

    Raises
    ------
    OptionError
        The name is none, is itself a model's id, or stands for itself or for nothing.
    """
    name, model = name.strip(), model.strip()
    if not NAME.fullmatch(name):
        raise OptionError(
            f"{name[:60]!r} cannot be an alias",
            why="an alias is a word of letters, digits, dots and dashes, and begins with a letter",
            hint="as %nebius alias fast Qwen/Qwen3-32B",
        )
    if name in ids:
        raise OptionError(
            f"{name} is a model's own id",
            why="an alias that hides a model would ask another one than it says",
            hint="choose another name",
        )
    if not model or model == name or len(model.split()) > 1:
        raise OptionError(
            f"The alias {name} needs one model's id",
            why=f"got {model[:60]!r}",
            hint="as %nebius alias fast Qwen/Qwen3-32B; %models lists the ids",
        )
    return name, model


def read_aliases(table: Any) -> dict[str, str]:
    """
    Read a file's table of aliases.

    Raises
    ------
    OptionError
        It is no table, or holds something that is no alias.
    """
    if not isinstance(table, dict):
        raise OptionError("aliases is no table", why="it takes name = model")
    return dict(check_alias(str(name), str(model)) for name, model in table.items())


def real_model(name: str, aliases: Mapping[str, str]) -> str:
    """
    Give the id that a name stands for; a name that is no alias stands for itself.

    Raises
    ------
    OptionError
        The aliases lead round in a circle.
    """
    seen = [name]
    while (name := aliases.get(name, name)) != seen[-1]:
        if name in seen:
            raise OptionError(
                f"The alias {seen[0]} leads back to itself",
                why=" -> ".join([*seen, name]),
                hint=f"%nebius alias {seen[0]} ID sets it to a model",
            )
        seen.append(name)
    return name
