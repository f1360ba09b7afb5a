"""Where a panel puts what it downloads: into the notebook's folder, over nothing that is there."""

from __future__ import annotations

from pathlib import Path

from nbnebius.errors import OptionError

LONGEST_NAME = 120


def new_path(typed: str, name: str) -> Path:
    """
    Give a path where nothing is yet.

    Parameters
    ----------
    typed
        The path that the user typed; "" is the file's own name, in the notebook's folder.
    name
        The file's own name, as the server tells it: only its last part counts.

    Raises
    ------
    OptionError
        There is something at the path that was typed.
    """
    if typed.strip():
        path = Path(typed.strip()).expanduser()
        if path.exists():
            raise OptionError(f"There is {path.name} already", hint="take another name")
        return path
    last = "".join(c for c in name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    path = Path(last[-LONGEST_NAME:].strip().lstrip(".") or "download")
    number = 2
    while path.exists():
        path = path.with_stem(f"{path.stem.removesuffix(f'_{number - 1}')}_{number}")
        number += 1
    return path
