"""
A notebook that was run is read without a kernel: exported, on a code host's page, or as a script.

A code host shows the saved outputs through a strict sanitizer. The one here is stricter than most:
of `text/html` it leaves plain elements without any style, class or script, and pictures only as
data in the page; everything else falls to `image/png`, `image/jpeg` or `text/plain`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import nh3
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter, MarkdownExporter, PythonExporter
from sandbox_fixture import running_sandbox

pytestmark = pytest.mark.notebook

CELLS = {
    "load": "%load_ext nbnebius\nimport pandas as pd, nbnebius as neb",
    "chat": "%%chat\nCount from 1 to 120",
    "shape": '%%chat --schema-multi "name, age int"\nAnna is 31 years old. Ben is 42 years old.',
    "image": "%image a lighthouse in a storm --n 20 --seed 1 --width 512 --height 512",
    "map": (
        "frame = pd.DataFrame({'text': [f'Repeat: word {n}' for n in range(40)]})\n"
        "judged = neb.map(frame, '{text}', concurrency=2, max_tokens=60)"
    ),
    "table": "%%map frame -o again --concurrency 2 --max-tokens 60\nRepeat once more: {text}",
    "rows": "again[['text', 'answer']].head(3)",
    "plot": "vectors = neb.embed(frame.text)\nax = neb.plot.similarity(vectors.head(8))",
    "models": "%models --type image",
    "compare": "%%compare -m Qwen/Qwen3-32B -m openai/gpt-oss-120b\nCount from 1 to 12",
    "panel": "%panel usage",
}
AT = {name: place for place, name in enumerate(CELLS)}
IMAGE = re.compile(r'<img[^>]*src="data:image/webp;base64,[A-Za-z0-9+/=]+')


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    """Give an environment on a sandbox that takes its time, and a folder to work in."""
    folder = tmp_path_factory.mktemp("export")
    options = ("--tokens-per-second", "150", "--fault", "slow:150ms@/v1/chat")
    with running_sandbox(folder, *options) as sandbox:
        own = {k: v for k, v in os.environ.items() if not k.startswith(("NEBIUS_", "NBNEBIUS_"))}
        yield (
            folder,
            own
            | {
                "NEBIUS_BASE_URL": sandbox.base_url,
                "NEBIUS_API_KEY": sandbox.api_key,
                "NBNEBIUS_HOME": str(folder / "home"),
                "IPYTHONDIR": str(folder / "ipython"),
            },
        )


@pytest.fixture(scope="module")
def ran(surroundings):
    """Give a notebook that was run, as it is saved."""
    folder, environment = surroundings
    notebook = new_notebook(CELLS.values())
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources)
    client.execute(env=environment)
    return nbformat.reads(nbformat.writes(notebook), as_version=4)


def new_notebook(sources):
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata=about)


def as_on_a_code_host(output):
    """Give an output as a page without kernel, widgets, scripts and styles shows it."""
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    if "text/html" in data:
        allowed = {"a", "b", "br", "code", "details", "div", "em", "figcaption", "figure", "img"}
        allowed |= {"li", "ol", "p", "pre", "span", "strong", "summary", "table", "tbody", "td"}
        allowed |= {"th", "thead", "tr", "ul", "h1", "h2", "h3", "hr"}
        return nh3.clean(
            data["text/html"],
            tags=allowed,
            attributes={"a": {"href"}, "img": {"src", "alt", "width", "height"}},
            url_schemes={"https", "http", "data"},
        )
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return f'<img src="data:{kind};base64,{data[kind].strip()}">'
    return data.get("text/plain", "")


def shown(page):
    """Check what a reader must find, whatever the page was made by."""
    assert page.count("118, 119, 120") == 1  # the answer's end, and none of its earlier states
    for word in ("Anna", "31", "Ben", "42"):
        assert word in page
    assert len(IMAGE.findall(page)) == 20
    assert page.count("a-lighthouse-in-a-storm") >= 20
    assert "again: 40 rows · 40 bought" in page
    assert "of 40 requests · " not in page.replace("\r", "\n").rpartition("40 rows")[2]
    assert "word 2" in page
    assert "data:image/png;base64," in page or ".png)" in page
    assert "flux-schnell" in page
    assert "gpt-oss-120b" in page
    assert "USD" in page


def test_every_cell_worked_and_left_few_outputs(ran):
    kinds = [[output.output_type for output in cell.outputs] for cell in ran.cells]
    assert not any("error" in each for each in kinds)
    assert kinds[AT["chat"]].count("display_data") <= 2  # the answer, and once where it is kept
    for name in ("shape", "image", "table"):
        assert len(kinds[AT[name]]) == 1, (name, kinds[AT[name]])
    # What a function tells is a stream, which nbclient keeps in the pieces in which it came.
    assert len(kinds[AT["map"]]) < 12


def test_a_page_of_nbconvert_shows_everything_without_widgets(ran):
    without = nbformat.reads(nbformat.writes(ran), as_version=4)
    without.metadata.pop("widgets", None)
    page, _ = HTMLExporter().from_notebook_node(without)
    shown(page)
    assert "application/vnd.jupyter.widget-state+json" not in page
    # The panel is there as what it showed, not as the name of a widget.
    assert "VBox(" not in page
    assert "completion" in page or "chat" in page


def test_markdown_of_nbconvert_shows_everything(ran):
    page, resources = MarkdownExporter().from_notebook_node(ran)
    shown(page)
    assert "VBox(" not in page
    assert any(name.endswith(".png") for name in resources["outputs"])


def test_a_code_hosts_page_shows_everything(ran):
    outputs = [as_on_a_code_host(output) for cell in ran.cells for output in cell.outputs]
    page = "\n".join(outputs)
    shown(page)
    assert "style=" not in page
    assert "<script" not in page
    assert "VBox(" not in page
    # Where even pictures in the page are dropped, each has a name and a path.
    without = re.sub(r"data:image/[a-z]+;base64,[^\"]+", "", page)
    assert without.count('alt="seed ') == 20


def test_what_has_no_html_is_plain_text(ran):
    """A PDF by LaTeX, a terminal or a diff shows this."""
    for cell in ran.cells:
        for output in cell.outputs:
            if "data" in output:
                text = output.data["text/plain"]
                assert "<div" not in text
                assert "\x1b" not in text
    (answer, *_) = ran.cells[AT["chat"]].outputs
    assert "118, 119, 120" in answer.data["text/plain"]


def test_files_stay_small(ran):
    sizes = {name: len(json.dumps(ran.cells[place].outputs)) for name, place in AT.items()}
    assert sizes["image"] < 1_000_000
    assert sizes["chat"] < 10_000
    assert sizes["map"] < 10_000
    assert sizes["table"] < 10_000
    assert sum(sizes.values()) < 1_500_000


def test_a_script_made_of_it_runs_in_ipython(ran, surroundings, tmp_path):
    _, environment = surroundings
    script, _ = PythonExporter().from_notebook_node(new_notebook([CELLS["load"], CELLS["chat"]]))
    (tmp_path / "made.ipy").write_text(script)
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=nocolor", "made.ipy"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "118, 119, 120" in done.stdout
    assert "<div" not in done.stdout


def test_a_notebook_is_run_from_the_command_line(surroundings, tmp_path):
    """As papermill and CI do, with a file in place of a person."""
    _, environment = surroundings
    nbformat.write(new_notebook([CELLS["load"], CELLS["chat"]]), tmp_path / "asked.ipynb")
    jupyter = shutil.which("jupyter-execute", path=str(Path(sys.executable).parent))
    done = subprocess.run(
        [jupyter, "asked.ipynb", "--inplace"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    saved = nbformat.read(tmp_path / "asked.ipynb", as_version=4)
    assert "118, 119, 120" in saved.cells[1].outputs[0].data["text/plain"]


@pytest.mark.parametrize("code", ["%chat --modle x Hello", "%nebius login", "%chat {{nobody}}"])
def test_an_error_ends_a_run_from_the_command_line(surroundings, tmp_path, code):
    _, environment = surroundings
    nbformat.write(new_notebook([CELLS["load"], code, "print('after')"]), tmp_path / "bad.ipynb")
    jupyter = shutil.which("jupyter-execute", path=str(Path(sys.executable).parent))
    done = subprocess.run(
        [jupyter, "bad.ipynb", "--inplace"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search(r"(Option|Settings)Error: ", done.stderr)
    assert "after" not in (tmp_path / "bad.ipynb").read_text().replace("print('after')", "")
