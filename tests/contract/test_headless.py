"""A notebook that is run without a browser: each cell is told, and a page is written."""

import os
import textwrap

import nbformat
import pytest
from sandbox_fixture import running_sandbox

from nbnebius.launch.headless import run_notebook

pytestmark = pytest.mark.notebook


@pytest.fixture
def run(tmp_path, capsys):
    def run_cells(*cells, **environment):
        path, page = tmp_path / "one.ipynb", tmp_path / "one.html"
        cells = [nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        before = path.read_bytes(), dict(os.environ)
        own = {k: v for k, v in os.environ.items() if not k.startswith("NEBIUS_")}
        own["NBNEBIUS_HOME"] = str(tmp_path / "state")
        code = run_notebook(path, tmp_path, own | environment, page)
        assert (path.read_bytes(), dict(os.environ)) == before
        return code, capsys.readouterr().out, page.read_text()

    return run_cells


def test_a_notebook_that_works(run, tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        code, told, page = run(
            "%load_ext nbnebius",
            "%chat Count from 1 to 12",
            NEBIUS_BASE_URL=sandbox.base_url,
            NEBIUS_API_KEY=sandbox.api_key,
        )
    assert code == 0
    assert "[2] %chat Count from 1 to 12" in told
    assert "10, 11, 12" in told
    assert "2 of 2 cells ran" in told
    assert "10, 11, 12" in page


def test_a_notebook_that_fails(run):
    code, told, _ = run("print('first')", "%load_ext nbnebius\n%chat Hello", "print('after')")
    assert code == 1
    assert "first" in told
    assert "SettingsError: There is no API key" in told
    assert "2 of 3 cells ran" in told
