"""A notebook open in the browser, driven by its commands rather than by guesses about its looks."""

from __future__ import annotations

import time
import uuid

import nbformat

OPEN_SECONDS = 90
CELL_MILLISECONDS = 240_000

# The page says "idle" before its kernel can take a cell, so all of this is waited for.
READY = """async () => {
  const app = window.jupyterapp;
  if (!app) return 'no app';
  await app.restored;
  const panel = app.shell.currentWidget;
  if (!panel?.sessionContext) return 'no panel';
  await panel.context.ready;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) return 'no kernel';
  await kernel.info;
  return kernel.connectionStatus === 'connected' && kernel.status === 'idle'
    ? 'ready' : kernel.connectionStatus + '/' + kernel.status;
}"""
START = """index => {
  const app = window.jupyterapp;
  app.shell.currentWidget.content.activeCellIndex = index;
  window.__ended = undefined;
  app.commands.execute('notebook:run-cell').then(
    ok => { window.__ended = ok ? 'ok' : 'error' }, error => { window.__ended = String(error) });
}"""


class Notebook:
    """
    A notebook with the given cells, open and connected to a kernel.

    Parameters
    ----------
    page
        The browser's page.
    server
        The JupyterLab it is opened in.
    cells
        The source of each code cell, or whole cells.
    front
        ``doc/tree`` for JupyterLab with this notebook alone, ``notebooks`` for Notebook 7.
    name
        The file's name; one of its own if left out.
    """

    def __init__(self, page, server, cells, front="doc/tree", name=None):
        self.front = front
        self.page = page
        self.server = server
        self.name = name or f"{uuid.uuid4().hex}.ipynb"
        self.path = server.work / self.name
        content = nbformat.v4.new_notebook(
            cells=[
                cell if isinstance(cell, dict) else nbformat.v4.new_code_cell(cell)
                for cell in cells
            ],
            # Without it a dialog asks for a kernel.
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(content, self.path)
        self.open()

    def open(self):
        """Open the notebook alone, and wait until its kernel answers."""
        address = f"{self.server.url}/{self.front}/{self.name}"
        self.page.goto(f"{address}?token={self.server.token}&reset")
        until = time.monotonic() + OPEN_SECONDS
        state = ""
        while time.monotonic() < until:
            state = self.page.evaluate(READY)
            if state == "ready":
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"the notebook is not ready: {state}")

    def start_cell(self, index):
        """Run a cell and do not wait for it."""
        self.page.evaluate(START, index)

    def is_running(self):
        """Tell whether the cell started last is still running."""
        return self.page.evaluate("() => window.__ended === undefined")

    def wait(self):
        """Wait for the cell started last; ``ok`` or ``error`` comes back."""
        self.page.wait_for_function("() => window.__ended !== undefined", timeout=CELL_MILLISECONDS)
        return self.page.evaluate("() => window.__ended")

    def interrupt(self):
        """Press the button that interrupts the kernel."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")

    def run_cell(self, index):
        """Run a cell to its end, and fail if it fails."""
        self.start_cell(index)
        ended = self.wait()
        assert ended == "ok", f"cell {index}: {ended}\n{self.cell_output(index).inner_text()}"

    def cell(self, index):
        """Find a cell on the page."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def cell_output(self, index):
        """Find a cell's outputs on the page."""
        return self.cell(index).locator(".jp-Cell-outputWrapper")

    def cell_html(self, index):
        """Find a cell's outputs of the type text/html."""
        return self.cell(index).locator('.jp-OutputArea-output[data-mime-type="text/html"]')

    def save(self):
        """Save the notebook, and read what is on disk."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return nbformat.read(self.path, as_version=4)
