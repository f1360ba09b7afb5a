"""
How long `%load_ext nbnebius` takes in a kernel, beside its peers, and what it brings in.

``python -m benchmarks.loading`` (``--quick`` for few rounds).
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.contest import Goal, Report, Table, compete, main

if TYPE_CHECKING:
    from collections.abc import Callable

HEAVY = ("pandas", "numpy", "matplotlib", "ipywidgets", "httpx2", "anyio", "msgspec", "PIL", "nh3")
OURS, PEER = "%load_ext nbnebius", "%load_ext jupyter_ai_magics"


def _kernel() -> Any:
    """Make this process what a kernel is: with IPython and ipykernel imported."""
    import ipykernel.kernelapp
    from IPython.core.interactiveshell import InteractiveShell

    assert ipykernel.kernelapp
    return InteractiveShell.instance()


def ours(_: dict[str, Any]) -> Callable[[], dict[str, float]]:
    shell = _kernel()
    before = set(sys.modules)

    def work() -> dict[str, float]:
        shell.run_line_magic("load_ext", "nbnebius")
        brought = set(sys.modules) - before
        return {"heavy": len([name for name in HEAVY if name in brought]), "modules": len(brought)}

    return work


def peer(_: dict[str, Any]) -> Callable[[], None]:
    _need("jupyter_ai_magics")
    shell = _kernel()
    return lambda: shell.run_line_magic("load_ext", "jupyter_ai_magics")


def pandas(_: dict[str, Any]) -> Callable[[], None]:
    _kernel()
    return lambda: exec("import pandas")


def openai(_: dict[str, Any]) -> Callable[[], None]:
    _need("openai")
    _kernel()
    return lambda: exec("import openai")


def _need(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(name=name)


def run(*, quick: bool = False) -> Report:
    """Answer the question."""
    contenders = {OURS: ours, PEER: peer}
    if not quick:
        contenders |= {"import pandas": pandas, "import openai": openai}
    spent = compete(contenders, {}, 1 if quick else 3, python=("-W", "ignore"))
    table = Table("Loading, in a process that is a kernel already", "load", 1, spent, OURS)
    report = Report("Loading", [table])
    report.goals = [
        Goal("%load_ext: time, of jupyter_ai_magics'", 1 / 50, table.ratio(OURS, PEER)),
        Goal("heavy modules after %load_ext", 0, table.median(OURS, "heavy")),
    ]
    return report


if __name__ == "__main__":
    main(run)
