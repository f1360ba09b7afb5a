"""The interactive map in a live JupyterLab, offline: point at a text, lasso, get a frame."""

import re

import pytest
from browser.conftest import save_panel

pytestmark = [pytest.mark.browser, pytest.mark.maps]

FRAME = """
import numpy as np, pandas as pd
import nbnebius as neb
from hostile import PWN
rng = np.random.default_rng(0)
group = np.arange(60) % 3
block = (rng.normal(size=(3, 16))[group] * 4 + rng.normal(size=(60, 16))).astype("float32")
vectors = np.empty(60, dtype=object)
vectors[:] = list(block)
frame = pd.DataFrame(
    {
        "review": [f"review {n} <img src=x onerror={PWN}>" for n in range(60)],
        "topic": np.array(["sea", "wood", "field"])[group],
        "embedding": vectors,
    },
    index=[f"row {n}" for n in range(60)],
)
found = neb.plot.vectors(frame, color="topic", interactive=True)
found
"""
SELECTED = "print(len(found.selected), *found.selected.topic.unique())"
CANVAS = ".jp-OutputArea-output canvas"


def drag_around(page, left, top, right, bottom):
    """Draw a lasso around a part of the page."""
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 2)):
        page.mouse.move(x, y, steps=15)
    page.mouse.up()


def point_at_something(page, left, top, right, bottom):
    """Move over a part of the page until a point's text shows, and give it."""
    told = page.locator(".jp-OutputArea-output").get_by_text(re.compile(r"^review \d+"))
    for y in range(int(top), int(bottom), 5):
        for x in range(int(left), int(right), 5):
            page.mouse.move(x, y)
            if told.count() and told.first.is_visible():
                return told.first.inner_text()
    raise AssertionError("no point shows its text")


def test_pointing_at_a_text_and_lassoing_rows(open_notebook, page):
    notebook = open_notebook([FRAME, SELECTED, SELECTED])
    notebook.run_cell(0)
    canvas = page.locator(CANVAS).first
    canvas.wait_for()
    page.wait_for_timeout(1500)
    place = canvas.bounding_box()
    left, top = place["x"], place["y"]
    right, bottom = left + place["width"], top + place["height"]
    middle = left + 0.5 * place["width"]

    # About where the group "field" stands.
    wide, high = place["width"], place["height"]
    text = point_at_something(
        page, left + 0.61 * wide, top + 0.32 * high, left + 0.71 * wide, top + 0.52 * high
    )
    assert "<img src=x onerror=" in text  # as it is, and not obeyed

    # The three groups are far apart: one of them stands in the right half.
    page.locator('button[title="Activate lasso selection"]').click()
    drag_around(page, middle + 50, top + 5, right - 5, bottom - 5)
    page.wait_for_timeout(800)
    notebook.run_cell(1)
    assert notebook.cell_output(1).inner_text().split() == ["20", "field"]
    drag_around(page, left + 80, top + 5, right - 5, bottom - 5)
    page.wait_for_timeout(800)
    notebook.run_cell(2)
    assert notebook.cell_output(2).inner_text().split()[0] == "60"

    assert page.watch.outside == []
    assert page.watch.errors == []
    assert page.evaluate("() => window.__pwn") is None

    # Where no widget can be shown, a picture stands in its place.
    (output,) = notebook.save().cells[0].outputs
    assert output.data["image/png"]
    assert output.data["text/plain"] == "VectorMap(60 points, 0 selected)"


PANEL = (
    FRAME.replace("\nfound = ", "\nunused = ").rsplit("\nfound\n", 1)[0]
    + """
panel = neb.panel("embeddings", frame="frame")
panel
"""
)
TAKEN = "print(len(chosen), *chosen.topic.unique())"


def test_the_embeddings_panel_is_pointed_at_and_lassoed_in(open_notebook, page):
    notebook = open_notebook(["%load_ext nbnebius" + PANEL, TAKEN])
    notebook.run_cell(0)
    panel = notebook.cell_output(0).locator(".nbnebius-panel")
    canvas = panel.locator("canvas").first
    canvas.wait_for()
    panel.get_by_text("1 to 10 of 60 rows").wait_for()
    assert not panel.locator(".noUi-handle").first.is_visible()
    panel.get_by_label("colour by").select_option("topic")
    panel.get_by_text("1 to 10 of 60 rows").wait_for()
    page.wait_for_timeout(2000)
    place = panel.locator("canvas").first.bounding_box()
    left, top = place["x"], place["y"]
    right, bottom = left + place["width"], top + place["height"]
    middle = left + 0.5 * place["width"]
    wide, high = place["width"], place["height"]
    text = point_at_something(
        page, left + 0.61 * wide, top + 0.32 * high, left + 0.71 * wide, top + 0.52 * high
    )
    assert "<img src=x onerror=" in text

    panel.locator('button[title="Activate lasso selection"]').click()
    drag_around(page, middle + 50, top + 5, right - 5, bottom - 5)
    panel.get_by_text("60 points · 20 selected").wait_for()
    panel.get_by_text("1 to 10 of 20 rows").wait_for()
    panel.get_by_role("button", name="Put rows").click()
    panel.get_by_text("chosen: 20 rows").wait_for()
    notebook.run_cell(1)
    assert notebook.cell_output(1).inner_text().split() == ["20", "field"]
    panel.get_by_role("button", name="Select nothing").click()
    panel.get_by_text("1 to 10 of 60 rows").wait_for()
    save_panel(panel, "panel-embeddings-lasso")
    assert page.watch.outside == []
    assert page.watch.errors == []
    assert page.evaluate("() => window.__pwn") is None
