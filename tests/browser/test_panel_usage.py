"""The usage panel as a person uses it, and what stays of it in the saved notebook."""

from __future__ import annotations

import pytest
from browser.conftest import save_panel
from browser.harmless import assert_harmless
from hostile import HOSTILE

pytestmark = pytest.mark.browser

LOAD = "%load_ext nbnebius\nimport nbnebius as neb"
SPEND = "for word in ('one', 'two'):\n    neb.chat(f'Say {word}.', max_tokens=20)"


@pytest.mark.parametrize("front", ["doc/tree", "notebooks"])
def test_usage_panel_shows_what_was_spent_and_the_saved_notebook_keeps_it(open_notebook, front):
    notebook = open_notebook([LOAD, SPEND, "%panel usage"], front)
    for index in range(3):
        notebook.run_cell(index)
    output = notebook.cell_output(2)
    output.get_by_role("status").get_by_text("calls").wait_for()
    output.locator("img[alt^='cost per day']").wait_for()
    by = output.locator("select").first
    by.select_option("kind")
    output.locator("td", has_text="chat").first.wait_for()
    output.get_by_role("button", name="As cell").click()
    cell = output.locator("textarea")
    cell.wait_for()
    assert cell.input_value() == "%nebius usage kind --since 7d\n"
    save_panel(output.locator(".nbnebius-panel"), f"panel-usage-{front[:3]}")
    # While the widgets live, what is kept for the saved notebook is not seen twice.
    assert output.locator("[class^=nbnebius-kept]").count() == 1
    assert not output.locator("[class^=nbnebius-kept]").is_visible()
    saved = notebook.save().cells[2].outputs
    assert len(saved) == 2
    assert "chat" in saved[1]["data"]["text/html"]
    assert notebook.page.watch.outside == []


FILL = """
import pandas as pd
from hostile import HOSTILE
from nbnebius.panels.usage.state import Left, plot_of

state = shown.state
state.wait(60)
# What comes over HTTP has no half characters.
names = [text.encode("utf-8", "replace").decode() for text in HOSTILE]
state.sums = pd.DataFrame({"model": names, "calls": 1, "cost": 0.1}, dtype=object)
state.plot = plot_of(pd.DataFrame({
    "time": pd.Timestamp("2026-11-20", tz="UTC"), "model": names[:40], "cost": 0.1}))
state.budgets = tuple(Left(text, 1.0, 0.9) for text in names[:40])
for text in names[::9]:
    state.error = text
    state.changed()
"""


def test_hostile_names_in_the_ledger_run_nothing(open_notebook, page):
    notebook = open_notebook([f"{LOAD}\nshown = neb.panel('usage')\nshown", FILL])
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.cell_output(0).get_by_text(f"of {len(HOSTILE):,} groups").wait_for()
    assert_harmless(page)
