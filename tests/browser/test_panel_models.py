"""The models panel as a person uses it: narrowed, compared, chosen from."""

from __future__ import annotations

import pytest
from browser.conftest import save_panel
from browser.harmless import assert_harmless
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOAD = "%load_ext nbnebius"
LOOK = "%nebius config chat_model"


@pytest.mark.parametrize("front", ["doc/tree", "notebooks"])
def test_models_are_narrowed_compared_and_one_becomes_the_default(open_notebook, page, front):
    notebook = open_notebook([LOAD, "%panel models", LOOK], front)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    panel.locator("img[alt^='price against context']").wait_for()
    panel.get_by_label("type").select_option("chat")
    words = panel.get_by_label("words")
    words.fill("instruct")
    words.press("Enter")
    panel.get_by_label("sort").select_option("context, longest first")
    expect(panel.get_by_role("status")).to_contain_text(" of ")
    expect(panel.get_by_role("button", name="Stop")).to_be_hidden()
    models = panel.get_by_label("choose")
    expect(models.locator("option").first).to_contain_text("nstruct")
    names = models.locator("option").all_inner_texts()
    models.select_option(names[:2])
    details = panel.locator("table").last
    details.get_by_text("price out (USD per million tokens)").wait_for()
    expect(details.locator("thead")).to_contain_text(names[1])
    save_panel(panel, f"panel-models-{front[:3]}")
    assert panel.get_by_role("button", name="Keep as default").is_disabled()
    models.select_option(names[1])
    expect(panel.get_by_label("id", exact=True)).to_have_value(names[1])
    panel.get_by_role("button", name="Use in this session").click()
    panel.get_by_text(f"Defaults: chat: {names[1]}").wait_for()
    notebook.run_cell(2)
    assert f"chat_model: {names[1]} (this session)" in notebook.cell_output(2).inner_text()
    panel.get_by_role("button", name="As cell").click()
    cell = panel.locator("textarea")
    cell.wait_for()
    assert cell.input_value() == '%models --search instruct --type chat --sort "-context"\n'
    saved = notebook.save().cells[1].outputs
    assert names[1] in saved[1]["data"]["text/plain"]
    assert page.watch.outside == []


HOSTILE = """%load_ext nbnebius
import nbnebius as neb
from hostile import HOSTILE
from nbnebius.frames.models import model_frame
from nbnebius.types.model import ModelRecord

shown = neb.panel("models")
shown.state.wait(60)
state = shown.state
state.catalog = model_frame([
    ModelRecord(id=text, source=text, name=text, type="chat", context=1000 + place, owner=text,
                price_in=0.1, price_out=0.1 + place, url=text, tags=[text], status=text)
    for place, text in enumerate(text for text in HOSTILE if text.isascii())])
state.narrow(sort="price_out")
state.wait(60)
shown
"""
CHOOSE = """for place in range(0, len(HOSTILE), 4):
    state.choose(state.keys[place : place + 4])
state.make_default(keep=False)
state.status = HOSTILE[0]
state.changed()
for text in HOSTILE[::9]:
    state.error = text
    state.changed()
"""


def test_no_name_of_a_model_runs_or_loads_anything(open_notebook, page):
    notebook = open_notebook([HOSTILE, CHOOSE])
    notebook.run_cell(0)
    panel = notebook.cell_output(0).locator(".nbnebius-panel")
    panel.get_by_text("1 to 10 of").wait_for()
    notebook.run_cell(1)
    assert_harmless(page)
    while panel.get_by_role("button", name="Next").is_enabled():
        panel.get_by_role("button", name="Next").click()
        page.wait_for_timeout(50)
    assert_harmless(page)
