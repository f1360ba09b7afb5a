"""Objects that are more than data: modules, and what describes itself for other tools."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["lazy_frame", "module", "own_words"]

_MOST_NAMES: Final = 200
_MOST_COLUMNS: Final = 200


def module(value: ModuleType, limit: int) -> str:
    """Describe a module: its name, version, first paragraph, and public names."""
    version = getattr(value, "__version__", None)
    head = f"module {value.__name__}{f' {version}' if isinstance(version, str) else ''}"
    about = (inspect.getdoc(value) or "").partition("\n\n")[0]
    public = getattr(value, "__all__", None) or [n for n in vars(value) if not n.startswith("_")]
    names = ", ".join(str(name) for name in list(public)[:_MOST_NAMES])
    return "\n".join(part for part in (head, about, f"names: {names}" if names else "") if part)[
        :limit
    ]


def lazy_frame(value: Any, limit: int) -> str:
    """Describe a frame that is not computed, of Dask or polars, by its columns alone."""
    library = type(value).__module__.partition(".")[0]
    if hasattr(value, "collect_schema"):
        columns = list(value.collect_schema().items())
    elif hasattr(value, "dtypes") and hasattr(value.dtypes, "items"):
        columns = list(value.dtypes.items())
    else:
        columns = [(value.name, value.dtype)]
    parts = getattr(value, "npartitions", None)
    head = f"{type(value).__name__} ({library}), {len(columns):,} columns, not computed"
    lines = [f"{head}, {parts:,} partitions" if parts else head]
    lines += [f"- {name}: {dtype}" for name, dtype in columns[:_MOST_COLUMNS]]
    if len(columns) > _MOST_COLUMNS:
        lines.append(f"- … and {len(columns) - _MOST_COLUMNS:,} more columns")
    return "\n".join(lines)[:limit]


def own_words(value: Any) -> str | None:
    """
    Give what an object says by ``_ai_repr_``, the method that other tools of Jupyter ask for.

    It takes no argument here and gives a text, or a dict of texts by MIME type. What is a
    coroutine is not awaited, and what fails or gives nothing else is not used.
    """
    try:
        said = value._ai_repr_()
    except Exception:  # noqa: BLE001 - a user's class may raise anything here
        return None
    if inspect.iscoroutine(said):
        said.close()
        return None
    if isinstance(said, dict):
        said = said.get("text/plain") or said.get("text/markdown")
    return said if isinstance(said, str) else None
