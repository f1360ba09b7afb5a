"""A map cell as people see it: how far it is, and then how it went."""

from __future__ import annotations

import re

import pytest
from browser.conftest import save_screenshot
from sandbox_fixture import running_sandbox

pytestmark = pytest.mark.browser

ROWS = "import pandas as pd\nreviews = pd.DataFrame({'text': [f'Review {n}' for n in range(60)]})"
# Two at a time, and each takes its time, so that there is something to see.
ASK = "%%map reviews -o judged --concurrency 2 --max-tokens 60\nRepeat: {text}"


@pytest.fixture
def slow(tmp_path):
    with running_sandbox(tmp_path, "--fault", "slow:200ms@/v1/chat") as running:
        yield running


def test_a_map_cell_tells_how_far_it_is_and_then_how_it_went(open_notebook, page, slow):
    connect = f"import nbnebius as neb\nneb.connect({slow.api_key!r}, {slow.base_url!r})"
    frame = "judged[['text', 'answer', 'neb_status', 'neb_cost']].head(4)"
    notebook = open_notebook(["%load_ext nbnebius", f"{connect}\n{ROWS}", ASK, frame])
    for cell in (0, 1):
        notebook.run_cell(cell)
    notebook.start_cell(2)
    output = notebook.cell_output(2)
    seen = []
    while notebook.is_running():
        text = output.inner_text().strip()
        if text and (not seen or seen[-1] != text):
            seen.append(text)
            if len(seen) == 2:
                save_screenshot(page, "map-running")
        page.wait_for_timeout(50)
    assert notebook.wait() == "ok"
    running = [text for text in seen if "of 60 requests" in text]
    assert len(running) >= 2, f"no progress was seen: {seen}"
    done = [int(re.match(r"(\d+) of 60", text)[1]) for text in running]
    assert done == sorted(done)
    final = output.inner_text()
    assert "judged: 60 rows · 60 bought" in final
    assert re.search(r"USD 0\.\d+", final), final
    assert "of 60 requests" not in final

    notebook.run_cell(3)
    assert "Review 0" in notebook.cell_output(3).inner_text()
    assert page.watch.outside == []
    assert page.watch.errors == []
    (shown, *_) = notebook.save().cells[2].outputs
    assert "60 bought" in shown["data"]["text/plain"]
