"""A chat cell as people see it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser

MODEL = "Qwen/Qwen3-32B"


def test_an_answer_grows_while_the_cell_runs(open_notebook, page):
    notebook = open_notebook(["%load_ext nbnebius", f"%%chat --model {MODEL}\nCount from 1 to 200"])
    notebook.run_cell(0)
    assert notebook.cell_output(0).inner_text().strip() == ""

    notebook.start_cell(1)
    output = notebook.cell_html(1).first
    output.wait_for()
    lengths = [len(output.inner_text())]
    while notebook.is_running():
        lengths.append(len(output.inner_text()))
        page.wait_for_timeout(20)
    assert notebook.wait() == "ok"
    steps = sum(later > earlier for earlier, later in pairwise(lengths))
    assert steps >= 3, f"the text did not grow: {lengths}"

    final = output.inner_text()
    assert re.search(rf"{re.escape(MODEL)} · [\d,]+ tokens · USD 0\.\d+", final), final
    assert page.watch.outside == []
    assert page.watch.errors == []

    shown = [one.get("data", {}) for one in notebook.save().cells[1].outputs]
    assert sum(MODEL in data.get("text/html", "") for data in shown) == 1
    assert sum("58" in data.get("text/plain", "") for data in shown) == 1
    assert all("text/markdown" not in data for data in shown)


def test_an_interrupted_answer_is_kept_as_far_as_it_had_come(open_notebook, page):
    cells = ["%load_ext nbnebius", f"%%chat --model {MODEL}\nCount from 1 to 400", "print('on')"]
    notebook = open_notebook(cells)
    notebook.run_cell(0)

    notebook.start_cell(1)
    output = notebook.cell_html(1).first
    output.wait_for()
    while "9, 10" not in output.inner_text():
        assert notebook.is_running(), notebook.cell_output(1).inner_text()
        page.wait_for_timeout(50)
    notebook.interrupt()
    assert notebook.wait() == "error"
    assert "9, 10" in output.inner_text()
    assert "stopped" in output.inner_text()
    assert "400" not in output.inner_text()
    notebook.run_cell(2)
    assert notebook.cell_output(2).inner_text().strip() == "on"
