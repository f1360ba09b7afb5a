"""Panels as a person uses them: opened, worked by mouse and keyboard, saved, exported."""

from __future__ import annotations

import pytest

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
    # While the widgets live, what is kept for the saved notebook is not seen twice.
    assert output.locator("[class^=nbnebius-kept]").count() == 1
    assert not output.locator("[class^=nbnebius-kept]").is_visible()
    saved = notebook.save().cells[2].outputs
    assert len(saved) == 2
    assert "chat" in saved[1]["data"]["text/html"]
    assert notebook.page.watch.outside == []
