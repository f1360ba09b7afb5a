"""The chat panel as a person uses it: asked and stopped by mouse and by keyboard, and kept."""

from __future__ import annotations

import io
import os
import statistics
import time
from pathlib import Path

import pytest
from boxes import Box
from browser.test_hostile import OPEN_ALL
from hostile import HOSTILE as TEXTS
from PIL import Image

pytestmark = pytest.mark.browser

# Everything in the panel that is not on the list of what may be there: its own controls may.
FOREIGN = """() => [...document.querySelectorAll('.nbnebius-panel .widget-html-content *')].filter(
    element => !/^<style>[.]nbnebius-kept-[0-9a-f-]+{display:none}[^<{]*{min-width:0}<.style>$/
      .test(element.outerHTML)
    && (element.matches('script, iframe, object, embed, form, input, button, style, link, '
      + 'meta, base, svg, video, audio, template, img:not([src^="data:image/webp;base64,"])')
    || /^(javascript|data|vbscript|file|blob):/i.test(element.getAttribute('href') || '')
    || [...element.attributes].some(attribute => attribute.name.startsWith('on'))
    || getComputedStyle(element).position === 'fixed')
  ).map(element => element.outerHTML.slice(0, 300))"""

LOAD = "%load_ext nbnebius\nimport nbnebius as neb"
CELLS = [LOAD, "chat = %panel chat\nchat", "state = chat.state"]


def opened(open_notebook, front="doc/tree", cells=()):
    notebook = open_notebook([*CELLS, *cells], front)
    notebook.run_cell(0)
    notebook.run_cell(1)
    output = notebook.cell_output(1).locator(".nbnebius-panel")
    output.get_by_text("per million tokens").wait_for()
    return notebook, output


def ask(output, text):
    box = output.get_by_role("textbox", name="question").first
    box.fill(text)
    box.press("Enter")


def press(output, name, at=0):
    output.get_by_role("button", name=name, exact=True).nth(at).click()


@pytest.mark.parametrize("front", ["doc/tree", "notebooks"])
def test_a_conversation_from_the_first_question_to_the_cell(open_notebook, front):
    notebook, output = opened(open_notebook, front)
    page = notebook.page
    errors = list(page.watch.errors)  # Notebook 7 has some of its own while it loads
    # By keyboard alone: the box, Enter, and again.
    box = output.get_by_role("textbox", name="question").first
    box.focus()
    page.keyboard.type("Name three colours of a rainbow.")
    page.keyboard.press("Enter")
    output.get_by_text("turn 1").first.wait_for()
    output.get_by_text("1 turn ·").wait_for()
    assert box.input_value() == ""
    page.keyboard.type("Why is the sky blue?")
    page.keyboard.press("Enter")
    output.get_by_text("2 turns ·").wait_for()
    assert output.get_by_text("USD 0.0").count() >= 2

    # Another model, found by two words.
    output.get_by_role("textbox", name="search").fill("llama 70b")
    model = output.get_by_role("combobox", name="model")
    page.wait_for_function(
        "list => list.options.length < 8 && list.options.length > 1", arg=model.element_handle()
    )
    model.select_option("meta-llama/Llama-3.3-70B-Instruct")
    press(output, "Again", 1)
    output.get_by_text("asking meta-llama").first.wait_for()
    output.get_by_text("meta-llama/Llama-3.3-70B-Instruct · 1").first.wait_for()

    # Edited in its place: what came after it is stale.
    press(output, "Edit")
    page.wait_for_function("box => box.value !== ''", arg=box.element_handle())
    assert box.input_value() == "Name three colours of a rainbow."
    # The box has the keyboard already.
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Name two birds.")
    press(output, "Send as turn 1")
    output.get_by_text("stale").first.wait_for()

    press(output, "As cell")
    cell = output.get_by_role("textbox", name="cell")
    page.wait_for_function("box => box.value !== ''", arg=cell.element_handle())
    assert cell.input_value().startswith("%%chat --model meta-llama")
    assert cell.input_value().endswith("--continue\nWhy is the sky blue?\n")
    picture(output, "panel-chat")

    kept = notebook.cell_output(1).locator("[class^=nbnebius-kept]")
    assert not kept.is_visible()
    saved = notebook.save().cells[1].outputs
    assert "Name two birds." in saved[1]["data"]["text/html"]
    assert "Why is the sky blue?" in saved[1]["data"]["text/plain"]
    assert page.watch.outside == []
    assert page.watch.errors == errors


def test_stop_ends_the_request_at_the_server(open_notebook, sandbox):
    notebook, output = opened(open_notebook)
    ask(output, "Count from 1 to 2000")
    output.get_by_text("9, 10").first.wait_for()
    press(output, "Stop")
    output.get_by_text("not finished: what had come is kept").first.wait_for()
    output.get_by_text("stopped: ").first.wait_for()
    assert Box(sandbox).requests("chat/completions")[-1]["state"] == "cancelled"
    assert "2000" not in output.locator(".jp-RenderedHTMLCommon").first.inner_text()
    # The panel goes on.
    ask(output, "Say hello.")
    output.get_by_text("2 turns ·").wait_for()
    assert notebook.page.watch.outside == []


def test_several_lines_reach_the_model_as_they_were_typed_and_opening_again_shows_them(
    open_notebook,
):
    rows = "[row.question for row in chat.state.rows]"
    notebook, output = opened(open_notebook, cells=["%panel chat", rows])
    page = notebook.page
    question = "First line\nsecond line"
    ask(output, question.partition("\n")[0])
    output.get_by_text("1 turn ·").wait_for()
    press(output, "Several lines")
    long = output.get_by_role("textbox", name="question")
    long.and_(output.locator("textarea")).fill(question)
    # By keyboard: out of the box, and Enter on the button.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    output.get_by_text("2 turns ·").wait_for()
    notebook.run_cell(4)
    assert "['First line', 'First line\\nsecond line']" in notebook.cell_output(4).inner_text()

    notebook.run_cell(3)
    again = notebook.cell_output(3).locator(".nbnebius-panel")
    again.get_by_text("2 turns ·").wait_for()
    assert again.get_by_text("second line").count() == 1


def test_what_is_typed_while_a_cell_runs_is_sent_whole_and_once(open_notebook):
    rows = "[row.question for row in chat.state.rows]"
    notebook, output = opened(open_notebook, cells=["import time\ntime.sleep(4)", rows])
    page = notebook.page
    output.get_by_role("textbox", name="question").first.focus()
    notebook.start_cell(3)
    output.get_by_role("textbox", name="question").first.focus()
    page.keyboard.type("Which of these words come last?", delay=20)
    page.keyboard.press("Enter")
    assert notebook.wait() == "ok"
    output.get_by_text("1 turn ·").wait_for()
    notebook.run_cell(4)
    assert "['Which of these words come last?']" in notebook.cell_output(4).inner_text()


def test_a_picture_is_uploaded_seen_by_the_model_and_named_in_the_cell(open_notebook):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "PNG")
    notebook, output = opened(open_notebook, cells=["type(picture_1).__name__"])
    output.get_by_text("Pictures").click()
    with notebook.page.expect_file_chooser() as chooser:
        output.get_by_role("button", name="Upload picture").click()
    chooser.value.set_files({"name": "red.png", "mimeType": "image/png", "buffer": file.getvalue()})
    output.locator("img[alt='red.png']").wait_for()
    output.get_by_role("textbox", name="search").fill("vl")
    model = output.get_by_role("combobox", name="model")
    notebook.page.wait_for_function(
        "list => [...list.options].some(one => one.text.includes('VL'))", arg=model.element_handle()
    )
    model.select_option("Qwen/Qwen2.5-VL-72B-Instruct")
    output.get_by_text("sees pictures").wait_for()
    ask(output, "What colour is it?")
    output.get_by_text("1 turn ·").wait_for()
    assert "red" in output.locator(".jp-RenderedHTMLCommon").first.inner_text().lower()
    assert output.locator("img[alt='picture 1']").count() == 1
    press(output, "As cell")
    cell = output.get_by_role("textbox", name="cell")
    notebook.page.wait_for_function("box => box.value !== ''", arg=cell.element_handle())
    assert "--images picture_1" in cell.input_value()
    notebook.run_cell(3)
    assert "bytes" in notebook.cell_output(3).inner_text()


MAP = """
import pandas as pd
frame = pd.DataFrame({"word": [f"word {number}" for number in range(5_000)]})
job = neb.map(frame, "Say {word}.", max_tokens=8, background=True)
"""


def test_the_panel_answers_clicks_while_a_map_of_5000_rows_runs(open_notebook):
    notebook, output = opened(open_notebook, cells=[MAP, "job.done", "job.cancel()"])
    page = notebook.page
    notebook.run_cell(3)
    long = output.locator("textarea[rows='6']")
    took = []
    for _ in range(5):
        for state in ("visible", "hidden"):
            began = time.monotonic()
            press(output, "Several lines")
            long.wait_for(state=state)
            took.append(time.monotonic() - began)
            page.wait_for_timeout(200)
    ask(output, "Are you there?")
    output.get_by_text("1 turn ·").wait_for()
    notebook.run_cell(4)
    assert "False" in notebook.cell_output(4).inner_text(), "the map ended too early"
    notebook.run_cell(5)
    print("clicks:", sorted(round(one, 3) for one in took))
    assert statistics.median(took) < 0.5, took


HOSTILE = """
from hostile import HOSTILE
from nbnebius.panels.chat.entries import Asked
from nbnebius.session.conversations import TurnRow
from nbnebius.types.model import ModelRecord

def turn(number, text):
    return TurnRow(turn=number, question=text, answer=text, state="done", stale=True, private=False,
                   model=text, tokens=1, cost=0.1, asked=float(number), system=text,
                   pictures=(text, "data:image/png;base64," + text))

def fill(texts):
    state = chat.state
    with state.lock:
        state.rows = [turn(number, text) for number, text in enumerate(texts, 1)]
        state._reasoning = {float(number): text for number, text in enumerate(texts, 1)}
        state.threads = ("notebook", *texts)
        state.models.records = tuple(
            ModelRecord(id=text, source=text, type="chat") for text in texts)
        state.models.model = texts[0]
        state.draft, state.drafts = texts[0], state.drafts + 1
        state.asked = Asked(texts[0], failed=True)
        state.status = texts[-1]
    state.changed()
    state.error = texts[-1]
    state.changed()
"""
GROW = """
from nbnebius.events import ReasoningDelta, TextDelta
from nbnebius.rendering.stream import StreamView
state = chat.state
for text in HOSTILE[::8]:
    state.asked = Asked(text)
    state._view = StreamView(state.asked, interval=0.0)
    for start in range(0, len(text), 9):
        for kind in (ReasoningDelta, TextDelta):
            state.see(kind(text[start : start + 9]))
        state._tick()
state._view = None
"""


def test_nothing_hostile_runs_or_loads_in_the_panel(open_notebook, page):
    count = 40
    fills = [
        f"fill(HOSTILE[{start}:{start + count}]); chat._turns._more = {count}; state.changed()"
        for start in range(0, len(TEXTS), count)
    ]
    notebook, output = opened(open_notebook, cells=[HOSTILE, GROW, *fills])
    for index in range(2, 5 + len(fills)):
        notebook.run_cell(index)
        if index > 3:
            page.evaluate(OPEN_ALL)
            page.wait_for_timeout(300)
            assert page.evaluate("() => window.__pwn") is None
            assert page.evaluate(FOREIGN) == []
            assert page.watch.outside == []
    assert output.locator("details").count() > 10
    page.wait_for_timeout(1500)
    assert page.evaluate("() => window.__pwn") is None
    assert page.watch.outside == []
    # What stays in the saved notebook is as harmless.
    notebook.save()
    notebook.open()
    page.evaluate(OPEN_ALL)
    page.wait_for_timeout(1500)
    assert page.evaluate("() => window.__pwn") is None
    assert page.watch.outside == []


def picture(output, name):
    folder = os.environ.get("NBN_SCREENSHOTS")
    if folder:
        output.screenshot(path=Path(folder) / f"{name}.png")
