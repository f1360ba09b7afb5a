"""A magic as IPython holds it, and what every magic must know of the notebook it stands in."""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAGICS: dict[str, tuple[str, ...]] = {
    "nebius": ("line",),
    "chat": ("line", "cell"),
    "compare": ("line", "cell"),
    "completion": ("line", "cell"),
    "embed": ("line", "cell"),
    "image": ("line", "cell"),
    "map": ("line", "cell"),
    "models": ("line",),
    "panel": ("line",),
    "batches": ("line",),
    "search": ("line",),
    "explain": ("line",),
    "fix": ("line",),
}

# What a shown result's type is called, so that its display can be held back without importing it.
SHOWN_TYPES = (("nbnebius.results.reply", "Reply"), ("nbnebius.results.gallery", "Gallery"))


class Magic:
    """One magic, imported when it is first called."""

    # IPython would expand {…} and $… on the line; expansion is ours alone, and happens once.
    _ipython_magic_no_var_expand = True
    needs_local_scope = True

    def __init__(self, name: str, called: str, notebook: Notebook) -> None:
        self.__name__ = called
        self._name = name
        self._notebook = notebook

    def __call__(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> Any:
        """Run the magic as IPython does: the line, the cell's body, the caller's names."""
        try:
            module = import_module(f"nbnebius.magics.{self._name}")
            return module.run(self._notebook, line, cell, local_ns or {})
        except KeyboardInterrupt as error:
            from nbnebius.errors import Stopped

            if isinstance(error, Stopped):
                raise
            # Outside of a request: at a question, say, or while the sandbox starts.
            raise Stopped(
                f"You interrupted %{self.__name__}", hint="run the cell again to begin anew"
            ) from None

    def getdoc(self) -> str:
        """Give the manual for ``%name?``."""
        from nbnebius.commands.manuals import manual

        return manual(self._name)


class Notebook:
    """The shell that the magics are loaded in: where a cell is, and what it has shown."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._execution: Any = None
        self._count = 0
        self._shown: list[Any] = []
        # The places whose code was offered for a next cell, and that code.
        self.offered: dict[str, str] = {}
        # The magic, line and body of the last prompt, as they were typed.
        self.asked: tuple[str, str, str | None] | None = None
        # Whether the sandbox that this notebook started is still there.
        self.sandbox_runs: Callable[[], bool] = lambda: False

    @property
    def in_kernel(self) -> bool:
        """Whether a front end shows rich output; else it is a terminal."""
        return hasattr(self.shell, "kernel")

    def install(self) -> None:
        """Hold back the second display of what a magic has shown already."""
        formatter = self.shell.display_formatter.ipython_display_formatter
        for module, name in SHOWN_TYPES:
            formatter.for_type_by_name(module, name, self._display)

    def remove(self) -> None:
        """Undo `install`."""
        formatter = self.shell.display_formatter.ipython_display_formatter
        for module, name in SHOWN_TYPES:
            formatter.deferred_printers.pop((module, name), None)
            for kind in [k for k in formatter.type_printers if k.__module__ == module]:
                formatter.type_printers.pop(kind)
        self._shown.clear()

    def shown(self, value: Any) -> None:
        """Remember that this cell has shown `value`."""
        self._shown = [self._parent(), value]

    def _display(self, value: Any) -> None:
        if self._shown and self._shown[1] is value and self._shown[0] == self._parent():
            self._shown.clear()
            return
        # IPython then shows it in the ordinary way.
        raise NotImplementedError

    def is_bare(self) -> bool:
        """Tell whether the cell is nothing but a magic, so that nobody takes its value."""
        history = self.shell.history_manager.input_hist_raw
        return bool(history) and history[-1].lstrip().startswith("%")

    def place(self) -> str:
        """
        Name the place that asks: the cell, and the how-manieth call of this run it is.

        The cell's id where the front end gives one, else its text.
        """
        execution = self._parent()
        if execution != self._execution:
            self._execution, self._count = execution, 0
        self._count += 1
        return f"{self.cell()}/{self._count}"

    def cell(self) -> str:
        """Name the cell: by its id where the front end gives one, else by its text."""
        if self.has_cell_id:
            return str(self._header()["metadata"]["cellId"])
        history = self.shell.history_manager.input_hist_raw
        text = history[-1] if history else ""
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()

    @property
    def has_cell_id(self) -> bool:
        """Whether the front end names the cell, so that it is the same one in every run."""
        return bool(self._header().get("metadata", {}).get("cellId"))

    def _header(self) -> dict[str, Any]:
        get_parent = getattr(self.shell, "get_parent", None)
        parent = get_parent() if get_parent else None
        return parent if isinstance(parent, dict) else {}

    def _parent(self) -> Any:
        header = self._header().get("header", {})
        return header.get("msg_id") or self.shell.execution_count

    def bind(self, name: str, value: Any) -> None:
        """Put a value into the user's namespace."""
        self.shell.user_ns[name] = value
        if name == "_":
            # IPython stops setting `_` once it is not what it set itself.
            self.shell.displayhook._ = value
