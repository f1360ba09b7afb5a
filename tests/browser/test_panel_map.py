"""The map panel as a person uses it: written, priced, tried, run, looked through, mended."""

from __future__ import annotations

import re

import pytest
from browser.conftest import save_panel
from browser.harmless import assert_harmless, turn_all_pages
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOAD = """%load_ext nbnebius
import pandas as pd
texts = ["I love this carpet, it is soft", "The lamp broke after two days", "Arrived on time",
         "Terrible smell, sent it back", "Great value, would buy it again", "It is a chair"]
reviews = pd.DataFrame({"text": [f"{texts[n % 6]} ({n})" for n in range(60)], "stars": 3})
"""
LOOK = "print(len(judged), judged['neb_rating'].value_counts().to_dict(), judged.why[0])"


CELL = """%%map --out judged --schema "label positive|negative|mixed, why: in ten words" reviews
{prompt} {{text}}
"""
# What one front end's run bought is kept for the other's, so each asks in its own words.
PROMPTS = {"doc/tree": "Judge this review:", "notebooks": "Judge the review:"}


@pytest.mark.parametrize("front", PROMPTS)
def test_a_question_is_priced_tried_run_and_its_answers_marked_and_mended(
    open_notebook, page, front
):
    notebook = open_notebook([LOAD, "%panel map --frame reviews", LOOK], front)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    write(panel, PROMPTS[front])
    assert panel.get_by_role("button", name="Run all rows").is_disabled()
    press(panel, "Plan and price")
    panel.get_by_text("60 requests to send").wait_for()
    assert f"{PROMPTS[front]} I love this carpet" in panel.inner_text()
    press(panel, "Try 20 rows, about USD")
    panel.get_by_text("judged: 20 rows · 20 bought").wait_for()
    panel.get_by_role("button", name="Try 20 rows, all kept, USD 0").wait_for()
    press(panel, "Run 60 rows, about USD")
    panel.get_by_text("judged: 60 rows · 40 bought · 20 kept already").wait_for()
    panel.get_by_role("button", name="Run 60 rows, all kept, USD 0").wait_for()
    press(panel, "Next")
    panel.get_by_text("11 to 20 of 60 rows").wait_for()

    mark_and_mend(panel)
    notebook.run_cell(2)
    assert "60 {'good': 1, 'bad': 1} because I say so" in notebook.cell_output(2).inner_text()
    press(panel, "As cell")
    cell = panel.locator("textarea").last
    cell.wait_for()
    assert cell.input_value() == CELL.format(prompt=PROMPTS[front])
    save_panel(panel, f"panel-map-{front[:3]}")
    saved = notebook.save().cells[1].outputs
    assert "60 rows" in saved[1]["data"]["text/plain"]
    assert page.watch.outside == []
    if front != "notebooks":  # Notebook 7 has an error of its own with no panel at all
        assert page.watch.errors == []


def press(panel, name):
    """Click a button by the words it begins with."""
    panel.get_by_role("button", name=name).first.click()


def write(panel, words):
    """Fill in the question."""
    prompt = panel.get_by_placeholder("What to ask of each row")
    prompt.fill(words)
    press(panel, "text")
    expect(prompt).to_have_value(f"{words} {{text}}")
    schema = panel.get_by_placeholder("label positive|negative")
    schema.fill("label positive|negative|mixed, why: in ten words")
    result = panel.get_by_label("result in")
    result.fill("judged")
    result.press("Enter")


def mark_and_mend(panel):
    """Mark the first row good and the second bad, and change an answer of the first."""
    panel.get_by_text("One row: look, mark, mend").click()
    press(panel, "Good")
    panel.get_by_text("1 by hand").wait_for()
    press(panel, "Bad")
    panel.get_by_text("2 by hand").wait_for()
    press(panel, "Before")
    press(panel, "Before")
    panel.get_by_label("column").last.select_option("why")
    panel.get_by_label("why").fill("because I say so")
    press(panel, "Save the answer")
    panel.get_by_text("3 by hand").wait_for()
    panel.get_by_label("show").select_option("bad")
    expect(panel.locator("tbody").first.locator("tr")).to_have_count(1)


MANY = """%load_ext nbnebius
import pandas as pd
many = pd.DataFrame({"text": [f"Review number {n} of a chair" for n in range(5000)]})
"""


def test_while_five_thousand_rows_are_asked_panel_and_kernel_answer(open_notebook, page):
    notebook = open_notebook([MANY, "%panel map --frame many", "print(6 * 7, len(answers))"])
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    panel.get_by_placeholder("What to ask of each row").fill("Repeat:")
    press(panel, "text")
    press(panel, "Plan and price")
    press(panel, "Run 5,000 rows, about USD")
    status = panel.get_by_role("status")
    status.get_by_text(re.compile(r"\d+ of 5,000 requests · \d+/s · .* left")).wait_for()
    panel.get_by_text("1 to 10 of 5,000 rows").wait_for()
    # The kernel is free, and the panel too: pages are turned, rows filtered, looked at and marked.
    notebook.run_cell(2)
    assert "42 5000" in notebook.cell_output(2).inner_text()
    panel.get_by_label("show").select_option("ok")
    # Not the line of all rows, which stood there before: ten rows alone have no next page.
    panel.get_by_text(re.compile(r"1 to 10 of (?!5,000)[\d,]+ rows")).wait_for()
    press(panel, "Next")
    panel.get_by_text(re.compile("11 to 20 of .* rows")).wait_for()
    panel.get_by_text("One row: look, mark, mend").click()
    press(panel, "Good")
    panel.get_by_text("1 by hand").wait_for()
    expect(panel.get_by_label("row", exact=True)).not_to_have_value("1")
    save_panel(panel, "panel-map-running")
    assert panel.get_by_role("button", name="Stop").is_visible()

    # The page is opened again, as a tab that was closed: the panel shows the run as it is now.
    notebook.save()
    notebook.open()
    status.get_by_text("of 5,000 requests").wait_for()
    panel.get_by_text("1 by hand").wait_for()
    press(panel, "Stop")
    status.get_by_text("stopped: ").wait_for()
    panel.get_by_role("button", name=re.compile("Run again the .* left, about USD")).wait_for()
    assert page.watch.outside == []


HOSTILE = """%load_ext nbnebius
import pandas as pd
import nbnebius as neb
from hostile import HOSTILE

names = pd.Index([*HOSTILE[:45], "text"], dtype=object)
rows = pd.DataFrame([[text] * len(names) for text in HOSTILE], columns=names, dtype=object)
shown = neb.panel("map", frame="rows")
shown.state.wait(60)
shown
"""
FILL = """from types import SimpleNamespace

state = shown.state
frame = rows[["text"]].assign(answer=rows["text"], neb_status="failed", neb_cached=False,
                              neb_error=rows["text"], neb_tokens=1, neb_cost=0.1)
state.models = tuple(HOSTILE)
state.job = SimpleNamespace(summary=HOSTILE[0], counts=dict.fromkeys(
    ("failed", "possibly_paid", "unsent"), 0), progress=None)
state.results.take(frame, ["text"], ["answer"])
state.plan = SimpleNamespace(rows=1, kept=0, duplicates=0, skipped=0, to_send=1, model=HOSTILE[0],
    measured=0, cost=1, batch_cost=1, bound=1, tokens_in=1, tokens_out=1,
    possibly_paid_requests=0, prompts=HOSTILE)
state.changed()
for place in range(0, len(rows), 9):
    state.go_to(place)
for text in HOSTILE[::9]:
    state.error = text
    state.changed()
state.error = ""
state.change(prompt=" ".join(HOSTILE[:40]))
state._planned = (state.question, rows, rows.shape)
state.changed()
"""


def test_no_text_of_a_frame_or_a_model_runs_or_loads_anything(open_notebook, page):
    notebook = open_notebook([HOSTILE, FILL])
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(0).locator(".nbnebius-panel")
    panel.get_by_text("prompts, as sent").wait_for()
    panel.get_by_text("One row: look, mark, mend").click()
    press(panel, "As cell")
    panel.get_by_text("1 to 10 of").wait_for()
    assert_harmless(page)
    turn_all_pages(panel)
    assert_harmless(page)
