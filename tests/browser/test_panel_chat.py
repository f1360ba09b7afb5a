"""The chat panel as a person uses it: asked and stopped by mouse and by keyboard, and kept."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image

pytestmark = pytest.mark.browser

LOAD = "%load_ext nbnebius\nimport nbnebius as neb"
CELLS = [LOAD, "chat = %panel chat\nchat", "state = chat.state; (state.thread, len(state.rows))"]


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
    model.select_option(index=1)
    press(output, "Again", 1)
    output.get_by_text("asking meta-llama").first.wait_for()
    output.get_by_text("meta-llama").nth(1).wait_for()

    # Edited in its place: what came after it is stale.
    press(output, "Edit")
    page.wait_for_function("box => box.value !== ''", arg=box.element_handle())
    assert box.input_value() == "Name three colours of a rainbow."
    box.fill("Name two birds.")
    press(output, "Send in its place")
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
    assert page.watch.errors == []


def picture(output, name):
    import os
    from pathlib import Path

    folder = os.environ.get("NBN_SCREENSHOTS")
    if folder:
        output.screenshot(path=Path(folder) / f"{name}.png")
