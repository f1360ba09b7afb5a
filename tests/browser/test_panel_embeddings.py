"""The embeddings panel as a person uses it: a map searched, selected from, taken along."""

from __future__ import annotations

import pytest
from browser.conftest import save_panel
from browser.harmless import assert_harmless, turn_all_pages
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOAD = """%load_ext nbnebius
import pandas as pd
import nbnebius as neb
things = {"carpet": "a soft red carpet", "phone": "the battery of a phone", "soup": "hot soup"}
texts = pd.DataFrame([{"text": f"I like {about}, number {n}", "thing": thing}
                      for n in range(12) for thing, about in things.items()])
vectors = neb.embed(texts, column="text")
"""
LOOK = "print(len(near), set(near.thing), near.score.is_monotonic_decreasing)"


@pytest.mark.parametrize("front", ["doc/tree", "notebooks"])
def test_a_map_is_coloured_searched_and_selected_from(open_notebook, page, front):
    notebook = open_notebook([LOAD, "%panel embeddings --frame vectors", LOOK], front)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    picture = panel.locator("img[alt='map of the vectors of vectors']")
    picture.wait_for()
    panel.get_by_text("1 to 10 of 36 rows").wait_for()
    panel.get_by_label("colour by").select_option("thing")
    search = panel.get_by_label("search")
    search.fill("a red carpet")
    panel.get_by_role("button", name="Search").click()
    panel.get_by_text("5 nearest, ringed").wait_for()
    expect(panel.locator("tbody tr")).to_have_count(5)
    save_panel(panel, f"panel-embeddings-{front[:3]}")
    out = panel.get_by_label("put into")
    out.fill("near")
    panel.get_by_role("button", name="Put rows").click()
    panel.get_by_text("near: 5 rows").wait_for()
    notebook.run_cell(2)
    assert "5 {'carpet'} True" in notebook.cell_output(2).inner_text()
    panel.get_by_role("button", name="As cell").click()
    cell = panel.locator("textarea")
    expect(cell).to_have_value("%search --out near --frame vectors a red carpet\n")
    # By keyboard: the left end of the first slider moves to the right.
    handle = panel.locator(".noUi-handle-lower").first
    handle.focus()
    for _ in range(5):
        handle.press("PageUp")
    expect(panel.get_by_role("status")).to_contain_text("selected")
    expect(panel.get_by_label("list")).to_have_value("selected")
    panel.get_by_role("button", name="Select nothing").click()
    panel.get_by_text("1 to 10 of 36 rows").wait_for()
    saved = notebook.save().cells[1].outputs
    assert "I like" in saved[1]["data"]["text/plain"]
    assert page.watch.outside == []


HOSTILE = """%load_ext nbnebius
import numpy as np
import pandas as pd
import nbnebius as neb
from hostile import HOSTILE

bad = [text for text in HOSTILE if text.isascii()]
rows = pd.DataFrame({text: pd.Series(bad, dtype=object) for text in bad[:60]})
rows["embedding"] = [*np.random.default_rng(0).normal(size=(len(bad), 8)).astype("float32")]
shown = neb.panel("embeddings", frame="rows")
state = shown.state
state.wait(60)
shown
"""
COLOUR = """for text in bad[:60:12]:
    state.look(color=text)
    state.wait(60)
state.query = state.out = state.status = bad[0]
state._nearest = ([0, 1, 2], [0.3, 0.2, 0.1])
state.choose_list("nearest")
for text in HOSTILE[::9]:
    state.error = text
    state.changed()
state.error = ""
state.choose_list("all")
"""


def test_no_cell_or_column_of_a_frame_runs_or_loads_anything(open_notebook, page):
    notebook = open_notebook([HOSTILE, COLOUR])
    notebook.run_cell(0)
    panel = notebook.cell_output(0).locator(".nbnebius-panel")
    panel.get_by_text("1 to 10 of").wait_for()
    notebook.run_cell(1)
    assert_harmless(page)
    panel.get_by_role("button", name="As cell").click()
    turn_all_pages(panel)
    assert_harmless(page)
