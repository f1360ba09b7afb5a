"""Tab as people press it: the popup shows ids and flags, and what is taken stands whole."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SOURCE = """index => window.jupyterapp.shell.currentWidget.content.widgets[index]
  .model.sharedModel.getSource()"""
TYPE = """([index, text]) => {
  const content = window.jupyterapp.shell.currentWidget.content;
  content.activeCellIndex = index;
  content.mode = 'edit';
  const cell = content.widgets[index];
  cell.model.sharedModel.setSource(text);
  const lines = text.split('\\n');
  cell.editor.setCursorPosition({line: 0, column: lines[0].length});
  cell.editor.focus();
}"""


@pytest.fixture
def notebook(open_notebook):
    notebook = open_notebook(["%load_ext nbnebius", "%models --type chat", ""])
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook


def popup(page, text):
    """Type a first line, press Tab, and give the popup."""
    page.evaluate(TYPE, [2, text])
    page.keyboard.press("Tab")
    shown = page.locator(".jp-Completer:visible")
    shown.wait_for()
    return shown


def test_a_model_id_is_shown_and_inserted_whole(notebook, page):
    shown = popup(page, "%%chat --model Qwen/Qwen3-\nWhy?")
    items = shown.locator(".jp-Completer-match").all_inner_texts()
    assert items[:1] == ["Qwen/Qwen3-32B"]
    assert not [item for item in items if "Embedding" in item]
    assert "chat, " in shown.inner_text()
    page.keyboard.press("Enter")
    shown.wait_for(state="hidden")
    assert page.evaluate(SOURCE, 2) == "%%chat --model Qwen/Qwen3-32B\nWhy?"
    assert page.watch.outside == []


def test_flags_are_shown_with_their_help(notebook, page):
    shown = popup(page, "%chat --schem")
    items = shown.locator(".jp-Completer-match").all_inner_texts()
    assert items[:2] == ["--schema", "--schema-multi"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    shown.wait_for(state="hidden")
    assert page.evaluate(SOURCE, 2) == "%chat --schema-multi"
