"""The images panel as a person uses it: drawn, varied, swept over, saved."""

from __future__ import annotations

import re

import pytest
from browser.conftest import save_panel
from browser.harmless import assert_harmless
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOAD = "%load_ext nbnebius"
# What one front end's run bought is kept for the other's, so each draws something else.
PROMPTS = {"doc/tree": "An elephant in a desert", "notebooks": "A camel in a desert"}
LOADED = "panel => [...panel.querySelectorAll('img')].every(i => i.complete && i.naturalWidth > 0)"


@pytest.mark.parametrize("front", PROMPTS)
def test_pictures_are_priced_drawn_varied_and_swept_over(open_notebook, page, front):
    notebook = open_notebook([LOAD, "%panel images"], front)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    for label, text in (
        ("prompt", PROMPTS[front]),
        ("width", "256"),
        ("height", "256"),
        ("seed", "7"),
        ("n", "2"),
    ):
        panel.get_by_label(label, exact=True).fill(text)
    panel.get_by_label("n", exact=True).press("Enter")
    panel.get_by_role("button", name="Draw 2 pictures, USD").click()
    panel.get_by_text("drawn for USD").wait_for()
    pictures = panel.locator("figure")
    expect(pictures).to_have_count(2)
    # A page decodes pictures in its own time.
    page.wait_for_function(LOADED, arg=panel.element_handle())
    panel.get_by_label("picture", exact=True).select_option(f"seed 8 · {PROMPTS[front]}")
    panel.get_by_role("button", name="Use its settings").click()
    expect(panel.get_by_label("seed", exact=True)).to_have_value("8")
    panel.get_by_role("button", name="Next seeds").click()
    expect(panel.get_by_label("seed", exact=True)).to_have_value("9")
    panel.get_by_role("button", name="Draw 4 pictures, USD").wait_for()
    panel.get_by_role("button", name="As cell").last.click()
    cell = panel.locator("textarea").last
    expect(cell).to_have_value(re.compile(f"^%image .*--seed 9 --n 4 {PROMPTS[front]}\n$"))
    sweep(panel)
    save_panel(panel, f"panel-images-{front[:3]}")
    saved = notebook.save().cells[1].outputs
    assert "steps 4" in saved[1]["data"]["text/plain"]
    assert notebook.path.stat().st_size < 400_000
    assert page.watch.outside == []


def sweep(panel):
    """Draw a grid of two by two."""
    panel.get_by_text("Sweep over two parameters").click()
    panel.get_by_label("across").select_option("steps")
    panel.get_by_label("down").select_option("guidance")
    panel.get_by_label("values").first.fill("4, 8")
    panel.get_by_label("values").last.fill("1, 7")
    panel.get_by_label("values").last.press("Enter")
    panel.get_by_role("button", name="Draw the grid: 4 pictures, USD").click()
    grid = panel.locator("table")
    expect(grid.locator("img")).to_have_count(4)
    panel.get_by_text("drawn for USD").wait_for()
    expect(grid.locator("th")).to_have_text(
        ["", "steps 4", "steps 8", "guidance 1.0", "guidance 7.0"]
    )


HOSTILE = """%load_ext nbnebius
import nbnebius as neb
from pathlib import Path
from hostile import HOSTILE
from nbnebius.commands.image import ImageOptions
from nbnebius.panels.images.state import Shown
from nbnebius.panels.images.sweep import Axis, Sweep
from nbnebius.rendering.images import Thumb
from nbnebius.results import Picture
from nbnebius.types.answers import PictureResult

shown = neb.panel("images")
state = shown.state
state.wait(60)
small = b"RIFF"
for text in HOSTILE:
    asked = ImageOptions(prompt=text, model=text, negative=text, save=text, width=64)
    result = PictureResult(small, 1, text, text, 0.0, 0.0, 0.0, None, {})
    path = None if "\\0" in text else Path(text)
    state.pictures.append(Shown(Picture(result, path), Thumb(small, text, text, 1, 1), asked))
places = {(0, place): Thumb(small, text, text, 1, 1) for place, text in enumerate(HOSTILE)}
state.sweep = Sweep(asked, Axis("model", tuple(HOSTILE)), Axis("model", (HOSTILE[0],)), places)
state.models = tuple(HOSTILE)
shown
"""
LOOK = """for place in range(0, len(HOSTILE), 9):
    state.look(place)
    state.asked = state.pictures[place].asked
    state.price = state.sweep_price = HOSTILE[place]
    state.status = HOSTILE[place]
    state.changed()
for text in HOSTILE[::9]:
    state.error = text
    state.changed()
"""


def test_no_prompt_model_or_path_runs_or_loads_anything(open_notebook, page):
    notebook = open_notebook([HOSTILE, LOOK])
    notebook.run_cell(0)
    panel = notebook.cell_output(0).locator(".nbnebius-panel")
    panel.get_by_text("1 to 9 of").wait_for()
    panel.get_by_text("Sweep over two parameters").click()
    notebook.run_cell(1)
    assert_harmless(page)
    while panel.get_by_role("button", name="Next", exact=True).is_enabled():
        panel.get_by_role("button", name="Next", exact=True).click()
        page.wait_for_timeout(50)
    assert_harmless(page)
