"""``In``, ``Out`` and ``Err`` of a notebook, as a prompt may name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbnebius.magics.magic import Notebook

CELL = re.compile(r"\s*In\[\s*(-?\d+)\s*\]\s*\Z")


class Inputs:
    """
    The cells that ran before this one, as they were written.

    ``In[3]`` is the cell with that number, ``In[-1]`` the one that ran before this one, and a slice
    is several with a line between them.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)

    def number(self, index: int) -> int:
        """Give a cell's own number."""
        number = index + len(self._texts) if index < 0 else index
        if not 0 < number < len(self._texts):
            last = len(self._texts) - 1
            raise IndexError(f"the cells that ran are 1 to {last}" if last else "no cell ran yet")
        return number

    def __getitem__(self, index: int | slice) -> str:
        if isinstance(index, slice):
            # Cell 0 is IPython's own and empty.
            texts = [self._texts[n] for n in range(len(self._texts))[index] if n]
            return "\n\n".join(text.rstrip("\n") for text in texts)
        if not isinstance(index, int):
            raise TypeError("cells have numbers")
        return self._texts[self.number(index)]

    def __str__(self) -> str:
        return self[:]


class Outputs(Mapping[Any, Any]):
    """The results of cells: by number, and from the last as ``Out[-1]``."""

    def __init__(self, results: Mapping[Any, Any]) -> None:
        self._results = results

    def __getitem__(self, number: Any) -> Any:
        numbers = sorted(self._results)
        if number in self._results:
            return self._results[number]
        if isinstance(number, int) and -len(numbers) <= number < 0:
            return self._results[numbers[number]]
        shown = ", ".join(map(str, numbers[-8:]))
        raise KeyError(f"there are {shown}" if shown else "no cell gave a result yet")

    def __iter__(self) -> Iterator[Any]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)


class Names(Mapping[str, Any]):
    """
    A user's names, with the notebook's own ``In``, ``Out`` and ``Err`` where they are still that.

    Parameters
    ----------
    names
        The user's namespace.
    notebook
        Where the history is kept.
    """

    def __init__(self, names: Mapping[str, Any], notebook: Notebook) -> None:
        self._names = names
        self._notebook = notebook

    def __getitem__(self, name: str) -> Any:
        if name == "Err" and name not in self._names:
            from nbnebius.session.explaining import last_error

            error = last_error()
            if error is None:
                raise OptionError(
                    "There is no {{Err}}", why="no cell has failed since the kernel started"
                )
            return error
        value = self._names[name]
        shell = self._notebook.shell
        if name == "In" and value is shell.history_manager.input_hist_parsed:
            return inputs(shell)
        if name == "Out" and value is shell.history_manager.output_hist:
            return Outputs(value)
        return value

    def __contains__(self, name: object) -> bool:
        return name == "Err" or name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def inputs(shell: Any) -> Inputs:
    """Give the cells before the one that is running."""
    texts = shell.history_manager.input_hist_raw
    get_parent = getattr(shell, "get_parent", None)
    asked = (get_parent() if get_parent else {}).get("content", {})
    # A cell that is not kept in the history, as a front end may ask, is not among them.
    running = asked.get("store_history", True) and not asked.get("silent", False)
    return Inputs(texts[:-1] if running else texts)
