"""
Which cell of the notebook a piece of code came from.

IPython compiles each cell under a file name of its own, and remembers which cell that was. Outside
of IPython there are no cells, and nothing here finds any.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

__all__ = ["Cell", "cell_numbered", "cell_of"]


@dataclass(frozen=True, slots=True)
class Cell:
    """
    A cell as it was run.

    Attributes
    ----------
    number
        Its n in ``In[n]``; 0 where it has none.
    source
        What stands in it.
    """

    number: int
    source: str

    @property
    def name(self) -> str:
        """What the notebook calls it."""
        return f"In[{self.number}]" if self.number else "the code"


def cell_of(file: str) -> Cell | None:
    """Find the cell that was compiled under a file name; None for code of a file."""
    compiler = getattr(_shell(), "compile", None)
    number = getattr(compiler, "_filename_map", {}).get(file)
    return cell_numbered(number) if isinstance(number, int) else None


def cell_numbered(number: int) -> Cell | None:
    """Find the cell that was run as ``In[number]``, as it was written."""
    history = getattr(getattr(_shell(), "history_manager", None), "input_hist_raw", None)
    if not history or not 0 < number < len(history):
        return None
    return Cell(number, str(history[number]))


def _shell() -> Any:
    # IPython puts this one function among Python's own while a cell runs.
    get_shell = getattr(builtins, "get_ipython", None)
    return get_shell() if callable(get_shell) else None
