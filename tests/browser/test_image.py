"""Pictures as people see them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

# A page decodes pictures in its own time.
LOADED = """() => Promise.all([...document.querySelectorAll('.jp-OutputArea-output img')]
  .map(image => image.decode().then(() => image.naturalWidth)))"""


def test_pictures_are_shown_in_the_page_and_saved_whole(open_notebook, page, lab):
    notebook = open_notebook(
        ["%load_ext nbnebius", "%image An elephant in a desert --seed 7 --n 2"]
    )
    notebook.run_cell(0)
    notebook.run_cell(1)
    widths = page.evaluate(LOADED)
    assert len(widths) == 2
    assert all(0 < width <= 512 for width in widths)
    text = notebook.cell_output(1).inner_text()
    assert "seed 7" in text
    assert "seed 8" in text
    saved = [*(lab.work / "nebius_images").glob("An-elephant*")]  # others draw there too
    assert len(saved) == 2
    assert all(path.name in text for path in saved)
    assert notebook.path.stat().st_size < 200_000
    assert page.watch.outside == []
    assert page.watch.errors == []
