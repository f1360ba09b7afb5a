"""Every notebook of this repository runs on the sandbox, from its first cell to its last."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from sandbox_fixture import running_sandbox

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def ran(request, tmp_path_factory):
    """Give a notebook that ran once, in a folder of its own and with a sandbox of its own."""
    folder = tmp_path_factory.mktemp("notebook")
    work = folder / "work"
    work.mkdir()
    with running_sandbox(folder) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("NEBIUS_")]:
            patch.delenv(name)
        patch.setenv("NEBIUS_BASE_URL", sandbox.base_url)
        patch.setenv("NEBIUS_API_KEY", sandbox.api_key)
        patch.setenv("NBNEBIUS_HOME", str(folder / "home"))
        return execute(request.param, work)


def execute(path, work):
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(work)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    return notebook


def outputs_of(notebook):
    """Give what a reader of the saved notebook sees, cell by cell."""
    return [
        [(o.get("data") or {}).get("text/html") or o.get("text") for o in cell.get("outputs", [])]
        for cell in notebook.cells
    ]


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    cells = json.loads(path.read_text())["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_every_cell_of_a_notebook_works(ran):
    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert "error" not in kinds
    assert all("text/plain" in o.data for c in code for o in c.outputs if "data" in o)


def test_a_notebook_with_its_previews_stays_small(ran):
    assert len(nbformat.writes(ran)) < 1_000_000
