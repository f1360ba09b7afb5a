"""
A5: a key is planted, everything is done with it, and it is looked for wherever it could stand.

It is searched raw, coded, turned round and in halves, in what a user sees, in what libraries log,
in every file that is written, and in what other processes can see.
"""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from sandbox_fixture import running_sandbox

from nbnebius.journal.packing import unpack
from nbnebius.launch import start_sandbox
from tests.fault import leaking
from tests.fault.canary import KEY, forms, found_in
from tests.fault.counts import proven
from tests.kernel.conftest import Kernel, isolated

pytestmark = pytest.mark.fault

FEWEST_PLACES = 40
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("box"), "--api-key", KEY) as running:
        yield running


def test_the_search_finds_a_key_in_every_form():
    missed = [name for name, form in forms().items() if not found_in(b"x" + form + b"y")]
    assert missed == []
    assert found_in("nothing of it: cnry and JfGu") == []


def test_a_key_stands_in_no_place_where_somebody_looks(sandbox, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "key-file").write_text(KEY)
    cells = []
    environment = isolated(folder, NEBIUS_BASE_URL=sandbox.base_url)
    kernel = Kernel(folder, environment)
    try:
        run(kernel, cells, "%load_ext nbnebius")
        run(kernel, cells, leaking.WORK[0])
        run(kernel, cells, "%nebius login", answers=[KEY])
        for source in (*leaking.WORK[1:], *leaking.OBJECTS, leaking.ECHO):
            run(kernel, cells, source)
        for mode in ("Verbose", "Context", "Plain", "Minimal"):
            run(kernel, cells, f"%xmode {mode}")
            for source in (leaking.SHOWN_ERROR, leaking.UNFORESEEN, "%tb", "%xmode Verbose\n%tb"):
                run(kernel, cells, source, works=source.startswith("%"))
        run(kernel, cells, "%whos\n%history -n")
        run(kernel, cells, "%store own", works=False)
        run(kernel, cells, leaking.LISTED)
        for source in leaking.CHILDREN:
            run(kernel, cells, source)
    finally:
        kernel.close()
    (folder / "key-file").unlink()
    assert "httpcore2" in (folder / "places/log of everything at DEBUG").read_text()
    places = (
        seen_in(cells)
        | kept_in(folder)
        | {
            f"server's own file: {file.name}": file.read_bytes()
            for file in sandbox.data.rglob("*")
            if file.is_file()
        }
    )
    judge("everything that a kernel shows, writes and starts", places)


def test_a_child_does_not_inherit_the_key_of_the_environment(tmp_path, monkeypatch):
    for name in ("NEBIUS_API_KEY", "OPEN_WEBUI_API_KEY", "NEBULA_API_KEY"):
        monkeypatch.setenv(name, KEY)
    child = start_sandbox(tmp_path / "data")
    try:
        own = Path(f"/proc/{child.process.pid}")
        places = {
            "environment of the sandbox": (own / "environ").read_bytes(),
            "command line of the sandbox": (own / "cmdline").read_bytes(),
        }
    finally:
        child.stop()
    judge("what a started sandbox is given", places, fewest=2)


def run(kernel, cells, source, *, works=True, **more):
    """Run a cell, and keep it with its outputs."""
    cell = kernel.run(source, **more)
    assert (cell.status == "ok") is works, f"{source}\n{cell.status} {cell.message}"
    cells.append((source, cell))


def seen_in(cells):
    """Give what stood on the page, as it is saved and exported."""
    shown = [
        nbformat.v4.new_code_cell(source, outputs=list(map(as_output, cell.outputs)))
        for source, cell in cells
    ]
    notebook = nbformat.v4.new_notebook(cells=shown)
    names = ("outputs", "paints", "asked", "error", "pages", "offered")
    return {
        "the notebook file": nbformat.writes(notebook),
        "the notebook exported as HTML": HTMLExporter().from_notebook_node(notebook)[0],
        **{
            f"messages to the page: {name}": repr([getattr(cell, name) for _, cell in cells])
            for name in names
        },
    }


def as_output(output):
    kept = {name: value for name, value in output.items() if name != "transient"}
    if kept["output_type"] == "execute_result":
        kept.setdefault("execution_count", 1)
    return nbformat.from_dict(kept)


def kept_in(folder):
    """Give every file that was written, and what is packed inside the databases among them."""
    places = {}
    for file in sorted(filter(lambda path: path.is_file(), folder.rglob("*"))):
        data = file.read_bytes()
        places[f"file {file.relative_to(folder)}"] = data
        if data.startswith(b"SQLite format 3"):
            places[f"unpacked: {file.relative_to(folder)}"] = unpacked(file)
    return places


def unpacked(file):
    parts = []
    # written to where a kernel that was killed left an undo file
    connection = sqlite3.connect(file)
    try:
        tables = [
            r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for row in (
            row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')
        ):
            for value in row:
                parts.append(repr(value).encode())
                if isinstance(value, bytes):
                    parts += [value, opened(value)]
    finally:
        connection.close()
    return b"\n".join(parts)


def opened(value):
    try:
        return unpack(value) or b""
    except (zlib.error, ValueError):
        return b""


def judge(what, places, *, fewest=FEWEST_PLACES):
    """Look for the key in every place, and keep the count of each."""
    leaks = {name: found for name, content in places.items() if (found := found_in(content))}
    assert leaks == {}
    size = {name: len(content) for name, content in places.items()}
    proven(
        "A5",
        f"places searched for a planted key: {what}",
        tried=len(places) * len(forms()),
        broken={"hits": len(leaks), "too few places": int(len(places) < fewest)},
        seen={"places": len(places), "characters searched": sum(size.values()), **size},
    )
