"""Run a notebook without a browser, tell what each cell gave, and write it as a page."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECONDS_PER_CELL = 120
SHOWN_LINES = 12


def run_notebook(path: Path, folder: Path, environment: Mapping[str, str], page: Path) -> int:
    """
    Run every cell of a notebook in a real kernel.

    Parameters
    ----------
    path
        The notebook; it is not changed.
    folder
        Where it runs.
    environment
        The kernel's environment.
    page
        Where the HTML goes.

    Returns
    -------
    int
        0 if every cell worked, else 1.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbconvert import HTMLExporter

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    code = 0
    try:
        client.execute(env=dict(environment))
    except CellExecutionError:
        code = 1
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(cells, 1):
        _print_cell(number, cell)
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed or cell.execution_count is None:
            code = 1
    html, _ = HTMLExporter().from_notebook_node(notebook)
    page.write_text(html, encoding="utf-8")
    worked = sum(c.execution_count is not None for c in cells)
    sys.stdout.write(f"\n{worked} of {len(cells)} cells ran; {page} is written\n")
    return code


def _print_cell(number: int, cell: Any) -> None:
    first, *rest = cell.source.splitlines()
    sys.stdout.write(f"\n[{number}] {first}{' …' if rest else ''}\n")
    for output in cell.outputs:
        for line in _text(output).splitlines()[:SHOWN_LINES]:
            sys.stdout.write(f"    {line[:110]}\n")


def _text(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return "\n".join(output.traceback)
    data = output.get("data", {})
    return str(data.get("text/plain", f"<{', '.join(data)}>"))
