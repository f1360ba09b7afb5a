"""How a package hands out its names without importing what they live in before they are used."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def fetcher(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """
    Give a package's ``__getattr__`` (PEP 562).

    Parameters
    ----------
    package
        The package's name.
    homes
        The module that each public name lives in. No module of the package may have the name of
        something that lives elsewhere: importing it would bind the name to the module.
    """

    def fetch(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(home)
        value = module if home == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    return fetch
