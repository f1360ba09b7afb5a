"""The files panel as a person uses it: a file goes up, comes down, and is deleted on purpose."""

from __future__ import annotations

import pytest
from browser.conftest import save_panel
from browser.harmless import assert_harmless, turn_all_pages
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

HOSTILE = """%load_ext nbnebius
import nbnebius as neb
from hostile import HOSTILE as TEXTS
from nbnebius.types.files import File

# What comes over HTTP has no half characters.
HOSTILE = [text.encode("utf-8", "replace").decode() for text in TEXTS]
shown = neb.panel("files")
shown.state.wait(60)
shown
"""
FILL = """state = shown.state
state.files = tuple(File(id=text, filename=text, purpose=text, bytes=1, created_at=1e9)
                    for text in dict.fromkeys(HOSTILE))
state.chosen = state.files[0].id
for text in HOSTILE[::9]:
    state.error = text
    state.changed()
"""


@pytest.mark.parametrize("front", ["doc/tree", "notebooks"])
def test_a_file_is_uploaded_downloaded_and_deleted_by_a_second_click(
    open_notebook, page, lab, front, tmp_path
):
    name = f"requests-{front[:3]}.jsonl"
    (tmp_path / name).write_text('{"custom_id": "1"}\n' * 500)
    notebook = open_notebook(["%load_ext nbnebius", "%panel files"], front)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(1).locator(".nbnebius-panel")
    picker = panel.get_by_role("button", name="Upload a file")
    expect(picker).to_be_enabled()
    with page.expect_file_chooser() as chooser:
        picker.click()
    chooser.value.set_files(tmp_path / name)
    panel.get_by_role("status").get_by_text(f"uploaded {name}").wait_for()
    panel.locator("td", has_text=name).wait_for()
    save_panel(panel, f"panel-files-{front[:3]}")
    panel.get_by_role("button", name="Download").click()
    panel.get_by_role("status").get_by_text(f"saved as {name}").wait_for()
    assert (lab.work / name).read_bytes() == (tmp_path / name).read_bytes()

    panel.get_by_role("button", name="Delete", exact=True).click()
    sure = panel.get_by_role("button", name=f"Delete {name} for good?")
    sure.wait_for()
    panel.get_by_role("button", name="Keep it").click()
    panel.get_by_role("button", name="Delete", exact=True).click()
    sure.click()
    panel.get_by_role("status").get_by_text(f"deleted {name}").wait_for()
    expect(panel.locator("td", has_text=name)).to_have_count(0)
    assert page.watch.outside == []


def test_no_name_of_a_file_runs_or_loads_anything(open_notebook, page):
    notebook = open_notebook([HOSTILE, FILL])
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.cell_output(0).locator(".nbnebius-panel")
    panel.get_by_text("1 to 10 of").wait_for()
    panel.get_by_role("button", name="Delete", exact=True).click()
    turn_all_pages(panel)
    assert_harmless(page)
