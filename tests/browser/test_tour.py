"""The tour as a newcomer sees it: every cell runs, and what it shows is legible."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from browser.conftest import save_screenshot

pytestmark = pytest.mark.browser

TOUR = Path(__file__).resolve().parents[2] / "notebooks" / "tour.ipynb"


def index_of(cells, text):
    return next(i for i, cell in enumerate(cells) if text in cell.source)


def test_the_tour_runs_in_jupyterlab(open_notebook, page):
    page.set_viewport_size({"width": 1100, "height": 900})
    cells = nbformat.read(TOUR, as_version=4).cells
    notebook = open_notebook(cells, name="tour.ipynb")
    ask, draw = index_of(cells, "%%chat\nSummarise"), index_of(cells, "--n 4")
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        if index == ask:
            notebook.start_cell(index)
            output = notebook.cell_html(index).first
            output.wait_for()
            notebook.cell(index + 1).scroll_into_view_if_needed()
            while "Carpenter" not in output.inner_text() and notebook.is_running():
                page.wait_for_timeout(20)
            save_screenshot(page, "tour-streaming")
            assert notebook.wait() == "ok"
            save_screenshot(page, "tour-chat")
            continue
        notebook.run_cell(index)
    pictures = notebook.cell_output(draw).locator("img")
    assert pictures.count() == 4
    widths = pictures.evaluate_all(
        "images => Promise.all(images.map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert all(0 < width <= 512 for width in widths)
    notebook.cell(draw).scroll_into_view_if_needed()
    save_screenshot(page, "tour-images")
    assert page.watch.outside == []
    assert page.watch.errors == []
