"""What an option's value names: a variable where there is one, else what it says itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.magics.expansion import NAME, lookup
from nbnebius.results import Gallery, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def named_schema(text: str | None, namespace: Mapping[str, Any]) -> Any:
    """Give a schema: a variable's value where the text names one, else the short form."""
    return None if text is None else namespace.get(text, text)


def named_pictures(names: Iterable[str], namespace: Mapping[str, Any]) -> list[Any]:
    """
    Give pictures: of variables, as ``fig``, ``Out[3]`` or ``df.photo[:5]``; else paths and URLs.

    Lists, columns, arrays of axes and galleries are taken apart; a path may hold ``*``.

    Raises
    ------
    OptionError
        A variable lacks what is named of it, or no file fits a path with ``*``.
    """
    return [picture for name in names for picture in _parts(_named(name, namespace))]


def _named(name: str, namespace: Mapping[str, Any]) -> Any:
    if name.isidentifier():
        return namespace.get(name, name)
    if name.startswith(("http://", "https://", "data:")) or Path(name).expanduser().is_file():
        return name
    root = NAME.match(name)
    if root and root[0] in namespace and not any(mark in name for mark in "/*?"):
        return lookup(name, namespace, hint="a variable's picture, or a path or URL")
    if any(mark in name for mark in "*?["):
        path = Path(name).expanduser()
        files = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor or "."))))
        if not files:
            raise OptionError(
                f"No file is named like {name}", hint=f"the notebook's folder is {Path.cwd().name}"
            )
        return files
    return name


def _parts(value: Any) -> list[Any]:
    """Take apart what holds several pictures."""
    if isinstance(value, list | tuple):
        return [picture for each in value for picture in _parts(each)]
    if isinstance(value, Gallery):
        return [picture.pil for picture in value]
    if isinstance(value, Picture):
        return [value.pil]
    if hasattr(value, "to_list"):  # a column
        return _parts(value.to_list())
    if hasattr(value, "flat") and getattr(value.dtype, "kind", "") == "O":
        return _parts(list(value.flat))  # what plt.subplots gives
    return [value]
