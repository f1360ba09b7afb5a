"""
What a model or a server says runs nothing and loads nothing in a live notebook.

Every text of `hostile` is shown in every place that such a text has. The same page is then shown
some of them as IPython shows them by itself, to see that it would have noticed.
"""

from __future__ import annotations

import json

import pytest
from hostile import COLLECTOR, HOSTILE, KINDS
from nbconvert import HTMLExporter

from tests.fault.counts import proven, size

pytestmark = pytest.mark.browser

# One output holds some texts, each rendered alone: a front end takes its time for each output.
SAFE = """
import json
import pandas as pd
from types import SimpleNamespace
from hostile import HOSTILE
from IPython.display import display
from nbnebius.errors import NebiusError
from nbnebius.magics.screen import line_bundle
from nbnebius.rendering.answer import answer_bundle
from nbnebius.rendering.images import Thumb, gallery_bundle
from nbnebius.rendering.side_by_side import side_by_side
from nbnebius.rendering.table import frame_bundle
from nbnebius.rendering.tool_calls import calls_html
from nbnebius.results.showing import form_bundle

def show(bundles):
    bundles = list(bundles)
    plain = "\\n".join(bundle.get("text/plain", "") for bundle in bundles)
    page = "".join(bundle["text/html"] for bundle in bundles)
    display({"text/html": page, "text/plain": plain}, raw=True)

AT_ONCE = 24
for start in range(0, len(HOSTILE), AT_ONCE):
    some = HOSTILE[start:start + AT_ONCE]
    show(answer_bundle(text, reasoning=text, footer=text, note=text) for text in some)
    show(line_bundle(text) for text in some)
    calls = [SimpleNamespace(name=text, arguments=arguments, text=text, error=True, seconds=2.0)
             for text in some for arguments in (text, {text: text})]
    show([{"text/html": calls_html(calls)}])
    for form in ("text", "json", "code"):
        texts = {"text": some, "json": [json.dumps([text]) for text in some],
                 "code": [f"```{t}\\n{t}\\n```" for t in some]}[form]
        show(form_bundle(form, t, reasoning=t, footer=t, note=t) for t in texts)
some = HOSTILE[::5]
shown = [form_bundle("md", text, reasoning=text, footer=text, note=text) for text in some]
display(side_by_side(some, shown, HOSTILE[0]), raw=True)
names = pd.Index(HOSTILE, dtype=object)  # half a character fits into no Arrow string
display(frame_bundle(pd.DataFrame([HOSTILE], columns=names, dtype=object), max_rows=1), raw=True)
frame = pd.DataFrame({"text": HOSTILE}, dtype=object)
display(frame_bundle(frame, max_rows=len(HOSTILE)), raw=True)
display(gallery_bundle([Thumb(b"", text, text, 1, 1) for text in HOSTILE]), raw=True)
"""
# Answer, reasoning, note, footer · line · a call's name, arguments (two kinds), result · three
# forms in four places · a cell of a frame · a picture's file name and caption.
PLACES = 4 + 1 + 5 + 12 + 1 + 2
LIVE = """
%load_ext nbnebius
import nbnebius as neb
import pandas as pd
from hostile_server import TEXTS, HostileServer
from IPython.display import display

with HostileServer() as server:
    neb.connect("x", server.url)
    with pd.option_context("display.max_rows", 1000, "display.max_colwidth", 200):
        for listed in (neb.models(), neb.files(), neb.batches()):
            display(listed)
    shell = get_ipython()
    for at in range(0, len(TEXTS), 6):
        shell.run_cell_magic("chat", "-m m", f"text {at}")
        display(neb.chat(f"text {at}", model="m"))
        shell.run_cell_magic("chat", "-m m --raw", f"text {at}")
        try:
            neb.chat(f"error {at}", model="m")
        except neb.NebiusError:
            shell.showtraceback()
"""
LIVE_SHOWN = 3 * len(HOSTILE) + 4 * len(HOSTILE[::6])
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

for text in HOSTILE[::6]:
    view = StreamView(Painter(), interval=0.0)
    for start in range(0, len(text), 9):
        view.add_reasoning(text[start : start + 9])
        view.add(text[start : start + 9])
        view.tick()
    view.finish(text)
"""
# Left out: what would reload the page, and what would only be slow.
RAW_KINDS = ("elements", "handlers", "mutations", "fetches", "Markdown")
RAW = """
from hostile import KINDS
from IPython.display import HTML, Markdown, display
for kind in RAW_KINDS:
    for text in KINDS[kind]:
        if "refresh" not in text and not text.startswith(("/", "~", "http", "C:")):
            text = text.encode("utf-8", "replace").decode() + " "
            display(HTML(text), Markdown(text))
""".replace("RAW_KINDS", repr(RAW_KINDS))
OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach(folded => { folded.open = true });
  document.querySelectorAll('.jp-OutputArea *').forEach(element =>
    ['mouseover', 'focus', 'toggle'].forEach(name => element.dispatchEvent(new Event(name))));
}"""
# Everything in an output that is not on the list of what may be there. A gallery's own previews
# are the only pictures, and their bytes are in the page already; pandas' tables have a style; the
# front end itself links what looks like an address in a traceback.
FOREIGN = """() => [...document.querySelectorAll('.jp-OutputArea-output *')].filter(element =>
    element.matches('script, iframe, object, embed, form, input, button, link, meta, base, '
      + 'svg script, video, audio, template, img:not([src^="data:image/webp;base64,"])')
    || (element.matches('style') && !element.textContent.includes('.dataframe'))
    || /^(javascript|vbscript|blob):/i.test(element.getAttribute('href') || '')
    || (/^(data|file):/i.test(element.getAttribute('href') || '')
        && !element.closest('.jp-RenderedText'))
    || [...element.attributes].some(attribute => attribute.name.startsWith('on'))
    || getComputedStyle(element).position === 'fixed'
  ).map(element => element.outerHTML.slice(0, 300))"""
SETTLE_MILLISECONDS = 1500
FRONTS = {"JupyterLab 4": "doc/tree", "Notebook 7": "notebooks"}


@pytest.mark.parametrize("name", FRONTS)
def test_no_text_of_a_model_runs_or_loads_anything(open_notebook, page, name):
    notebook = open_notebook([SAFE], FRONTS[name])
    notebook.run_cell(0)
    assert notebook.cell_html(0).count() > 60
    prove(page, name, len(HOSTILE) * PLACES)


def test_no_text_of_a_server_runs_or_loads_anything_and_what_is_shown_raw_does(open_notebook, page):
    notebook = open_notebook([LIVE, GROWING, RAW])
    notebook.run_cell(0)
    notebook.run_cell(1)
    prove(page, "a hostile server and growing answers", LIVE_SHOWN + 2 * len(HOSTILE[::6]))

    # The same page does notice the same texts where IPython shows them by itself.
    notebook.run_cell(2)
    page.evaluate(OPEN_ALL)
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    ran = page.evaluate("() => (window.__pwn || []).length")
    asked = len(set(hits(page)))
    proven(
        "A1",
        "the control: the same texts through IPython's own Markdown and HTML",
        tried=2 * sum(len(KINDS[kind]) for kind in RAW_KINDS),
        broken={"ran nothing": int(ran < 50), "loaded nothing": int(asked < 10)},
        seen={"scripts run": ran, "addresses asked for": asked},
    )


def test_a_saved_notebook_is_harmless_when_opened_again_and_when_exported(
    open_notebook, page, tmp_path
):
    step = size(3, 1)  # a page of all takes minutes to open
    some = f"from hostile import HOSTILE as ALL\nHOSTILE = ALL[::{step}]"
    notebook = open_notebook([SAFE.replace("from hostile import HOSTILE", some)])
    notebook.run_cell(0)
    saved = notebook.save()
    notebook.open()
    tried = len(HOSTILE[::step]) * PLACES
    prove(page, "opened again, untrusted", tried)

    exported = tmp_path / "exported.html"
    exported.write_text(HTMLExporter().from_notebook_node(saved)[0])
    page.watch.outside.clear()
    page.goto(exported.as_uri())
    assert page.locator("details").count() > 60
    # The export itself asks for scripts of nbconvert's own choice.
    prove(page, "exported HTML", tried, exported=True)


def hits(page):
    """Give what the page asked the attacker for."""
    return [url for url in page.watch.outside if url.startswith(COLLECTOR)]


def prove(page, where, tried, *, exported=False):
    """Stir everything on the page, and count what ran, loaded or does not belong there."""
    page.evaluate(OPEN_ALL)
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    outside = hits(page) if exported else page.watch.outside
    foreign = [] if exported else page.evaluate(FOREIGN)
    assert foreign == [], json.dumps(foreign[:5])
    seen = {"distinct texts": len(HOSTILE)}
    ran = page.evaluate("() => (window.__pwn || []).length")
    proven(
        "A1", f"hostile texts shown: {where}", tried=tried, seen=seen,
        broken={"scripts run": ran, "foreign elements": len(foreign)},
    )  # fmt: skip
    proven(
        "A2", f"requests of hostile texts: {where}", tried=tried, seen=seen,
        broken={"requests that left the browser": len(outside)},
    )  # fmt: skip
