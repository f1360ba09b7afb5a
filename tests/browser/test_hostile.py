"""What a model says runs nothing and loads nothing in a live notebook."""

from __future__ import annotations

import pytest
from hostile import COLLECTOR
from nbconvert import HTMLExporter

pytestmark = pytest.mark.browser

SAFE = """
import json
import pandas as pd
from hostile import HOSTILE
from IPython.display import display
from nbnebius.rendering.answer import answer_bundle
from nbnebius.rendering.images import Thumb, gallery_bundle
from nbnebius.rendering.side_by_side import side_by_side
from nbnebius.rendering.table import frame_bundle
from nbnebius.results.showing import form_bundle

for text in HOSTILE:
    display(answer_bundle(text, reasoning=text, footer=text, note=text), raw=True)
some = HOSTILE[::5]
for form in ("md", "text", "json", "code"):
    texts = [*some, *(json.dumps([text]) for text in some), *(f"```{t}\\n{t}\\n```" for t in some)]
    shown = [form_bundle(form, text, reasoning=text, footer=text, note=text) for text in texts]
    display(side_by_side(texts, shown, HOSTILE[0]), raw=True)
names = pd.Index(HOSTILE, dtype=object)  # half a character fits into no Arrow string
display(frame_bundle(pd.DataFrame([HOSTILE], columns=names, dtype=object), max_rows=1), raw=True)
frame = pd.DataFrame({"text": HOSTILE}, dtype=object)
display(frame_bundle(frame, max_rows=len(HOSTILE)), raw=True)
display(gallery_bundle([Thumb(b"", text, text, 1, 1) for text in HOSTILE]), raw=True)
"""
GROWING = """
from hostile import HOSTILE
from IPython.display import DisplayHandle
from nbnebius.rendering.stream import StreamView

class Painter:
    def __init__(self):
        self.handle = DisplayHandle()
        self.paint = self.handle.display

    def show(self, bundle, metadata):
        self.paint(bundle, metadata=metadata, raw=True)
        self.paint = self.handle.update

for text in HOSTILE[::4]:
    view = StreamView(Painter(), interval=0.0)
    for start in range(0, len(text), 5):
        view.add_reasoning(text[start : start + 5])
        view.tick()
        view.add(text[start : start + 5])
        view.tick()
    view.finish(text)
"""
RAW = """
from hostile import CONTROL
from IPython.display import display
display({"text/html": CONTROL, "text/plain": ""}, raw=True)
"""
OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach(folded => { folded.open = true });
  document.querySelectorAll('.jp-OutputArea *').forEach(element =>
    ['mouseover', 'focus', 'toggle'].forEach(name => element.dispatchEvent(new Event(name))));
}"""
# Everything in an output that is not on the list of what may be there. A gallery's own previews
# are the only pictures, and their bytes are in the page already.
FOREIGN = """() => [...document.querySelectorAll('.jp-OutputArea-output *')].filter(element =>
    element.matches('script, iframe, object, embed, form, input, button, style, link, meta, base, '
      + 'svg script, video, audio, template, img:not([src^="data:image/webp;base64,"])')
    || /^(javascript|data|vbscript|file|blob):/i.test(element.getAttribute('href') || '')
    || [...element.attributes].some(attribute => attribute.name.startsWith('on'))
    || getComputedStyle(element).position === 'fixed'
  ).map(element => element.outerHTML.slice(0, 300))"""


CASES = {
    "JupyterLab": (SAFE, "doc/tree"),
    "growing in JupyterLab": (GROWING, "doc/tree"),
    "Notebook 7": (SAFE, "notebooks"),
}


@pytest.mark.parametrize(("source", "front"), CASES.values(), ids=CASES)
def test_no_text_of_a_model_runs_or_loads_anything(open_notebook, page, source, front):
    notebook = open_notebook([source, RAW], front)
    notebook.run_cell(0)
    assert_harmless(page)
    assert notebook.cell_html(0).count() > 60

    # The same page does notice what is shown raw.
    notebook.run_cell(1)
    page.wait_for_function("() => window.__pwn")
    page.wait_for_timeout(500)
    assert f"{COLLECTOR}/control" in page.watch.outside


def test_a_saved_notebook_is_harmless_when_opened_again_and_when_exported(
    open_notebook, page, tmp_path
):
    notebook = open_notebook([SAFE])
    notebook.run_cell(0)
    saved = notebook.save()
    notebook.open()
    assert_harmless(page)

    exported = tmp_path / "exported.html"
    exported.write_text(HTMLExporter().from_notebook_node(saved)[0])
    page.watch.outside.clear()
    page.goto(exported.as_uri())
    page.evaluate(OPEN_ALL)
    page.wait_for_timeout(1500)
    assert page.locator("details").count() > 60
    assert page.evaluate("() => window.__pwn") is None
    # The export itself asks for scripts of nbconvert's own choice.
    assert [url for url in page.watch.outside if url.startswith(COLLECTOR)] == []


def assert_harmless(page):
    """Stir everything on the page, and see that nothing ran, loaded or covers it."""
    page.evaluate(OPEN_ALL)
    page.wait_for_timeout(1500)
    assert page.evaluate("() => window.__pwn") is None
    assert page.evaluate(FOREIGN) == []
    assert page.watch.outside == []
