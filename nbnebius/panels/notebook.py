"""The notebook a panel stands in: its cell, its variables."""

from __future__ import annotations

from typing import Any

from nbnebius.errors import OptionError


def shell() -> Any:
    """Give IPython's shell, or None outside of it."""
    from IPython.core.getipython import get_ipython

    return get_ipython()


def need_front_end() -> None:
    """
    Refuse where no widget can be shown.

    Raises
    ------
    OptionError
        This is a terminal, or no IPython at all.
    """
    if not hasattr(shell(), "kernel"):
        raise OptionError(
            "A panel needs a notebook",
            why="a terminal shows no widgets",
            hint="the magics do the same here: %nebius help lists them",
        )


def cell_id() -> str:
    """Give the id of the cell that runs, "" where the front end tells none."""
    get_parent = getattr(shell(), "get_parent", None)
    parent = get_parent() if get_parent else None
    metadata = parent.get("metadata", {}) if isinstance(parent, dict) else {}
    return str(metadata.get("cellId") or "")


def variables(kind: str) -> list[str]:
    """List the names of the user's variables of a type, as ``pandas.DataFrame``."""
    found = shell()
    if found is None:
        return []
    library, _, name = kind.partition(".")
    return sorted(
        variable
        for variable, value in dict(found.user_ns).items()
        if not variable.startswith("_") and _is_a(type(value), library, name)
    )


def holding(value: Any) -> list[str]:
    """List the names of the user's variables that hold this very object."""
    found = shell()
    if found is None:
        return []
    return [
        name
        for name, held in dict(found.user_ns).items()
        if held is value and not name.startswith("_")
    ]


def value_of(name: str) -> Any:
    """
    Give the value of a user's variable.

    Raises
    ------
    OptionError
        There is none of that name.
    """
    found = shell()
    if found is None or name not in found.user_ns:
        raise OptionError(f"There is no variable {name!r}", hint="run the cell that makes it")
    return found.user_ns[name]


def check_name(name: str) -> str:
    """
    Give the name of a variable as it is written.

    Raises
    ------
    OptionError
        It is none.
    """
    from keyword import iskeyword

    name = name.strip()
    if not name.isidentifier() or iskeyword(name):
        raise OptionError(f"{name!r} is no variable name", hint="use a name, as answers")
    return name


def free_name(name: str, mine: Any = None) -> str:
    """Give the name, or with a number after it, under which nothing stands but `mine`."""
    found = shell()
    held = {} if found is None else found.user_ns
    number, free = 1, name
    while free in held and (mine is None or held[free] is not mine):
        number += 1
        free = f"{name}_{number}"
    return free


def bind(name: str, value: Any) -> None:
    """
    Put a value into a user's variable.

    Raises
    ------
    OptionError
        It is no name of a variable.
    """
    name = check_name(name)
    found = shell()
    if found is not None:
        found.user_ns[name] = value


def _is_a(kind: type, library: str, name: str) -> bool:
    return any(
        ancestor.__name__ == name and ancestor.__module__.partition(".")[0] == library
        for ancestor in kind.__mro__
    )
