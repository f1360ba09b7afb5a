"""What an option's value names: a variable where there is one, else what it says itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def named_schema(text: str | None, namespace: Mapping[str, Any]) -> Any:
    """Give a schema: a variable's value where the text names one, else the short form."""
    return None if text is None else namespace.get(text, text)


def named_pictures(names: Iterable[str], namespace: Mapping[str, Any]) -> list[Any]:
    """Give pictures: variables by name, lists of them too, else paths and URLs."""
    found: list[Any] = []
    for name in names:
        value = namespace[name] if name.isidentifier() and name in namespace else name
        found.extend(value if isinstance(value, list | tuple) else [value])
    return found
