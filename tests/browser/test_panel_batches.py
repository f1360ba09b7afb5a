"""The batches panel as a person uses it: made, followed to its end, read; another one cancelled."""

from __future__ import annotations

import pytest
from browser.conftest import save_panel
from browser.harmless import assert_harmless, turn_all_pages
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MAKE = """%load_ext nbnebius
import pandas as pd
import nbnebius as neb

def make(count, tokens):
    body = {"model": "meta-llama/Meta-Llama-3.1-8B-Instruct", "max_tokens": tokens,
            "messages": [{"role": "user", "content": "Say something long about the sea"}]}
    file = neb.upload(pd.DataFrame({"body": [body] * count}))
    return neb.create_batch(file["id"][0], metadata={"about": f"FRONT {count}"})

long, short = make(10_000, 400), make(5, 5)
"""
LOOK = "print(len(greetings), list(greetings.columns)[:1], long.status)"
HOSTILE = """%load_ext nbnebius
import nbnebius as neb
from hostile import HOSTILE as TEXTS
from nbnebius.types.batches import Batch

# What comes over HTTP has no half characters.
HOSTILE = [text.encode("utf-8", "replace").decode() for text in TEXTS]
shown = neb.panel("batches")
shown.state.wait(60)
shown
"""
FILL = """state = shown.state
state.batches = tuple(
    Batch(id=text, endpoint=text, status=text, model=text, input_file_id=text,
          metadata={text: text}, errors=text, created_at=1e9)
    for text in dict.fromkeys(HOSTILE))
for number, text in enumerate(HOSTILE[::9]):
    state.looked = str(number)
    state.chosen = text
    state.error = text
    state.changed()
"""


@pytest.mark.parametrize("front", ["doc/tree", "notebooks"])
def test_a_batch_is_followed_to_its_end_and_read_and_another_one_cancelled(
    open_notebook, page, front
):
    notebook = open_notebook([MAKE.replace("FRONT", front), "%panel batches", LOOK], front)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    panel.get_by_text("running, looked at").wait_for()
    panel.get_by_role("button", name="Follow").click()
    panel.locator("td", has_text="5 of 5").first.wait_for()
    save_panel(panel, f"panel-batches-{front[:3]}")
    result = panel.get_by_label("results in")
    result.fill("greetings")
    result.press("Enter")
    panel.get_by_role("button", name="Results").click()
    panel.get_by_role("status").get_by_text("greetings: 5 rows").wait_for()

    panel.get_by_label("batch", exact=True).select_option(index=1)
    panel.get_by_role("button", name="Cancel it").click()
    panel.get_by_role("button", name="for good?").click()
    panel.get_by_text("0 running, looked at").wait_for()
    expect(panel.get_by_role("button", name="Cancel it")).to_be_disabled()
    notebook.run_cell(2)
    assert "5 ['text'] cancelled" in notebook.cell_output(2).inner_text()
    saved = notebook.save().cells[1].outputs
    assert "5 of 5" in saved[1]["data"]["text/plain"]
    assert page.watch.outside == []


def test_nothing_that_a_server_tells_of_batches_runs_or_loads_anything(open_notebook, page):
    notebook = open_notebook([HOSTILE, FILL])
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(0).locator(".nbnebius-panel")
    panel.get_by_text("1 to 10 of").wait_for()
    panel.get_by_role("button", name="Cancel it").click()
    turn_all_pages(panel)
    assert_harmless(page)
