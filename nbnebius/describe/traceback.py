"""
An error as a model should see it: the user's own frames, and the lines that failed.

Frames of libraries are folded to one line each way in; their paths are told from the package on,
never from the root of a disk.
"""

from __future__ import annotations

import builtins
import linecache
import os
import site
import sys
import sysconfig
import traceback
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nbnebius.describe.cells import Cell, cell_of
from nbnebius.describe.involved import involved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType, TracebackType

__all__ = [
    "Place",
    "chain",
    "error_text",
    "failing_cell",
    "is_own",
    "places",
    "variables",
    "versions",
]

_MOST_PLACES: Final = 12
_OUR_SHELL: Final = frozenset({"IPython", "ipykernel", "traitlets"})
_FOLDERS: Final = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class Place:
    """
    One step of a traceback.

    Attributes
    ----------
    file
        What Python calls the file: of a cell, a name that IPython made.
    first, last
        The lines that were being run, counted from 1.
    function
        The function's name.
    frame
        Where its variables stand; None for what never ran.
    cell
        The cell it stands in; None for code of a file.
    """

    file: str
    first: int
    last: int
    function: str
    frame: FrameType | None
    cell: Cell | None

    @property
    def package(self) -> str:
        """The library it belongs to; "" for code of the user's own."""
        if self.cell:
            return ""
        if self.frame and not self.file.startswith("<") and not Path(self.file).is_absolute():
            # Compiled code tells the name that its source had where it was built.
            module = str(self.frame.f_globals.get("__name__", ""))
            return "" if module == "__main__" else module.partition(".")[0]
        return _package(self.file)

    @property
    def where(self) -> str:
        """Name the place for people."""
        name = self.cell.name if self.cell else _short_path(self.file)
        return f"{name}, line {self.first}, in {self.function}"

    @property
    def source(self) -> str:
        """The lines that were being run."""
        return "\n".join(line for _, line in self.around(0))

    def around(self, more: int) -> list[tuple[int, str]]:
        """Give the lines that were being run, and so many before and after, with their numbers."""
        lines = linecache.getlines(self.file, self.frame.f_globals if self.frame else None)
        first, last = max(1, self.first - more), min(len(lines), self.last + more)
        return [(number, lines[number - 1].rstrip()) for number in range(first, last + 1)]


def chain(error: BaseException) -> list[BaseException]:
    """Give an error and what caused it, the outermost first."""
    found: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and not any(each is one for one in found):
        found.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return found


def places(error: BaseException) -> list[Place]:
    """
    Give the steps of an error's traceback that a reader needs, the outermost first.

    Those of the user's own code, and of each way into libraries the last. What IPython did to run
    the cell is left out. Of a deep recursion the first and the last are kept.
    """
    kept: list[Place] = []
    for place in _walk(error.__traceback__):
        if place.package in _OUR_SHELL or place.file.startswith("<decorator-gen"):
            continue
        if place.package and kept and kept[-1].package == place.package:
            kept.pop()
        kept.append(place)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        # What Python did to read the source explains nothing.
        kept = [place for place in kept if place.package != "Python"]
        last = max(error.lineno, error.end_lineno or 0)
        cell = cell_of(error.filename)
        if cell or is_own(error.filename):
            kept.append(Place(error.filename, error.lineno, last, "<module>", None, cell))
    half = _MOST_PLACES // 2
    return kept if len(kept) <= _MOST_PLACES else kept[:half] + kept[-half:]


def _walk(step: TracebackType | None) -> Iterator[Place]:
    while step is not None:
        code, at = step.tb_frame.f_code, step.tb_lasti
        first = last = step.tb_lineno
        if at >= 0:
            position = next((p for n, p in enumerate(code.co_positions()) if n == at // 2), None)
            if position and position[0] and position[1] and position[0] <= first:
                first, last = position[0], max(first, position[1])
        file = code.co_filename
        yield Place(file, first, last, code.co_name, step.tb_frame, cell_of(file))
        step = step.tb_next


def failing_cell(found: Sequence[Place]) -> tuple[Cell, Place] | None:
    """Give the cell that was run, and where in it; None where no cell was."""
    for place in found:
        if place.cell:
            return place.cell, place
    return None


def variables(found: Sequence[Place]) -> dict[str, Any]:
    """Give the variables that the user's own failing lines name, the innermost frame's first."""
    named: dict[str, Any] = {}
    for place in reversed(found):
        if place.frame and not place.package:
            for name, value in involved(
                place.source, place.frame.f_locals, place.frame.f_globals
            ).items():
                named.setdefault(name, value)
    return named


def versions(errors: Sequence[BaseException]) -> list[str]:
    """Give Python's version, and those of the packages that the tracebacks go through."""
    found = [f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"]
    names = [type(error).__module__.partition(".")[0] for error in errors]
    names += [place.package for error in errors for place in _walk(error.__traceback__)]
    told = [(name, _version(name)) for name in dict.fromkeys(names) if name not in _OUR_SHELL]
    return found + [f"{name} {version}" for name, version in told if version]


def _version(package: str) -> str:
    if not package:
        return ""
    told = getattr(sys.modules.get(package), "__version__", "")
    if isinstance(told, str) and told:
        return told
    from importlib import metadata

    try:
        return metadata.version(package)
    except (metadata.PackageNotFoundError, ValueError):
        return ""


def is_own(file: str) -> bool:
    """Tell whether a file is the user's own: neither Python's nor an installed package's."""
    return not _package(file)


@cache
def _package(file: str) -> str:
    """Name the library a file belongs to; "" for the user's own."""
    if file.startswith("<") or not file:
        return "Python" if file.startswith("<frozen") else ""
    parts = Path(file).parts
    for folder in _FOLDERS & set(parts):
        return parts[parts.index(folder) + 1].removesuffix(".py")
    own = str(Path(__file__).parents[1])
    if file.startswith(own + os.sep):
        return Path(own).name
    if any(file.startswith(root + os.sep) for root in _roots()):
        return "Python"
    return ""


@cache
def _roots() -> tuple[str, ...]:
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return tuple(path for path in paths if path and path not in site.getsitepackages())


def _short_path(file: str) -> str:
    """Tell a path from its package, or from the notebook's folder, on."""
    package = _package(file)
    parts = Path(file).parts
    if package and package in parts:
        return "/".join(parts[len(parts) - 1 - parts[::-1].index(package) :])
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return Path(file).name


def error_text(error: BaseException) -> str:
    """Write an error's type and message, as the last line of a traceback."""
    try:
        if isinstance(error, SyntaxError):
            return f"{type(error).__name__}: {error.msg}"
        text = "".join(traceback.format_exception_only(error)).strip()
    except Exception:  # noqa: BLE001 - a user's class may raise anything here
        return type(error).__name__
    near = _nearest_name(error) if "Did you mean" not in text else ""
    return f"{text}. Did you mean: '{near}'?" if near else text


def _nearest_name(error: BaseException) -> str:
    """Give the name that was meant, which Python tells only where it prints the error itself."""
    step = error.__traceback__
    if not isinstance(error, NameError) or not error.name or step is None:
        return ""
    while step.tb_next is not None:
        step = step.tb_next
    names = {*step.tb_frame.f_locals, *step.tb_frame.f_globals, *dir(builtins)}
    found = get_close_matches(error.name, [n for n in names if not n.startswith("_")], 1, 0.7)
    return found[0] if found else ""
