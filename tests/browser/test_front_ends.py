"""
The same cells in JupyterLab and in Notebook 7, and a notebook that comes from elsewhere.

With `NBN_SCREENSHOTS=docs/images` the pictures of docs/frontends.md are made anew.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from browser.conftest import save_screenshot
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# Each counts as far as no other: what is kept already does not grow.
FRONTS = {"JupyterLab": ("doc/tree", 150), "Notebook 7": ("notebooks", 170)}
LOAD = "%load_ext nbnebius\nimport pandas as pd, nbnebius as neb"
TEXTS = [
    "The kettle boils fast.",
    "A kettle that boils quickly.",
    "The parcel came late.",
    "Late delivery, again.",
]
CELLS = [
    LOAD,
    "%%chat\nCount from 1 to 160",
    "%chat --modle Qwen/Qwen3-32B Hello",
    "%image A lighthouse at dawn --n 2 --seed 7 --width 256 --height 256",
    f"ax = neb.plot.similarity(neb.embed({TEXTS}))",
    '%%chat --schema "name, age int"\nAnna is 31 years old.',
    "%panel usage",
]
SIZES = """() => Promise.all([...document.querySelectorAll('.jp-OutputArea-output img')]
  .map(image => image.decode().then(() => image.naturalWidth)))"""
TRUSTED = """() => { const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
  return Array.from({length: cells.length}, (_, at) => cells.get(at).trusted); }"""


def grown(notebook, page, index):
    """Run a cell and give the lengths that its answer had meanwhile."""
    notebook.start_cell(index)
    output = notebook.cell_html(index).first
    output.wait_for()
    lengths = []
    while notebook.is_running():
        lengths.append(len(output.inner_text()))
        page.wait_for_timeout(20)
    assert notebook.wait() == "ok"
    return lengths


@pytest.mark.parametrize("name", FRONTS)
def test_the_same_cells_look_the_same(open_notebook, page, name):
    page.set_viewport_size({"width": 900, "height": 620})
    front, end = FRONTS[name]
    cells = [*CELLS[:6]]
    cells[1] = f"%%chat\nCount from 1 to {end}"
    notebook = open_notebook(cells, front)
    notebook.run_cell(0)
    lengths = grown(notebook, page, 1)
    assert sum(later > earlier for earlier, later in pairwise(lengths)) >= 2, lengths
    assert f"{end - 1}, {end}" in notebook.cell_output(1).inner_text()

    notebook.start_cell(2)
    assert notebook.wait() == "error"
    told = notebook.cell_output(2).inner_text().strip().splitlines()
    assert told[0].startswith("OptionError: There is no flag --modle")
    assert len(told) <= 3
    save_screenshot(page, f"front-end-{front.rpartition('/')[2]}")

    for index in (3, 4, 5):
        notebook.run_cell(index)
    notebook.cell(5).scroll_into_view_if_needed()
    drawn, plotted = notebook.cell_output(3), notebook.cell_output(4)
    assert drawn.locator("img").count() == 2
    assert plotted.locator("img").count() == 1
    assert all(width > 100 for width in page.evaluate(SIZES))
    table = notebook.cell_output(5).locator("table")
    assert table.locator("th").all_inner_texts() == ["name", "age"]
    assert page.watch.outside == []
    if name == "JupyterLab":  # Notebook 7 has one of its own now and then, before any cell ran
        assert page.watch.errors == []


def test_a_notebook_from_elsewhere_is_read_without_being_trusted(open_notebook, page):
    page.set_viewport_size({"width": 900, "height": 700})
    mine = open_notebook(CELLS)
    for index in (0, 1, 3, 4, 5, 6):
        mine.run_cell(index)
    kept = "[class^=nbnebius-kept]"
    expect(mine.cell_output(6).locator(kept)).to_contain_text("play money")
    saved = mine.save()
    theirs = open_notebook(saved.cells)  # another file, whose outputs nobody here has signed
    assert not any(page.evaluate(TRUSTED)[1:])
    assert "158, 159, 160" in theirs.cell_output(1).inner_text()
    assert theirs.cell_output(3).locator("img").count() == 2
    assert theirs.cell_output(4).locator("img").count() == 1
    assert all(width > 100 for width in page.evaluate(SIZES)[:3])
    assert "Anna" in theirs.cell_output(5).locator("table").inner_text()
    there = theirs.cell_output(6).locator(kept)
    expect(there).to_be_visible()
    expect(there).to_contain_text("play money")
    theirs.cell(6).scroll_into_view_if_needed()
    save_screenshot(page, "front-end-untrusted")
    assert page.watch.outside == []


def test_a_comparison_grows_side_by_side(open_notebook, page):
    page.set_viewport_size({"width": 1000, "height": 520})
    models = "-m Qwen/Qwen3-32B -m meta-llama/Llama-3.3-70B-Instruct"
    notebook = open_notebook([LOAD, f"%%compare {models}\nCount from 1 to 160"])
    notebook.run_cell(0)
    lengths = grown(notebook, page, 1)
    assert sum(later > earlier for earlier, later in pairwise(lengths)) >= 2, lengths
    save_screenshot(page, "front-end-compare")
    assert notebook.cell_output(1).inner_text().count("158, 159, 160") == 2
    shown = notebook.save().cells[1].outputs[0]["data"]["text/plain"]
    assert shown.count("158, 159, 160") == 2
    assert page.watch.outside == []
    assert page.watch.errors == []


def test_a_cell_that_is_run_again_replaces_its_own_turn(open_notebook, page):
    page.set_viewport_size({"width": 900, "height": 620})
    cells = [
        LOAD,
        "%%chat -c\nRepeat this: a granite lighthouse",
        "%%chat -c\nRepeat this: a second one",
        "%nebius threads notebook",
    ]
    notebook = open_notebook(cells)
    for index in (0, 1, 2):
        notebook.run_cell(index)
    assert "turn 2, 1 sent" in notebook.cell_output(2).inner_text()
    notebook.run_cell(1)
    assert "turn 1, 0 sent" in notebook.cell_output(1).inner_text()
    notebook.run_cell(2)
    assert "turn 2, 1 sent" in notebook.cell_output(2).inner_text()
    notebook.run_cell(3)
    told = notebook.cell_output(3).inner_text()
    assert told.count("Repeat this: a granite") == 1, told
    assert told.count("Repeat this: a second") == 1, told
    notebook.cell(3).scroll_into_view_if_needed()
    save_screenshot(page, "front-end-turns")
    assert page.watch.errors == []
