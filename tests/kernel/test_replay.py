"""A notebook and its recording run without sandbox and key, and look as they did."""

import nbformat
import pytest
from nbclient import NotebookClient
from sandbox_fixture import running_sandbox

import nbnebius

pytestmark = pytest.mark.kernel

WARM = ["%load_ext nbnebius", "%nebius record ../notebook.tape", "%chat -q -o first Hello"]
CELLS = [
    "%%chat -t 0.5\nExplain limestone in two sentences.",
    "for n in (1, 1, 2):\n    %chat -t 2 Name a prime above {{n}}0",
    "reply = %chat --fresh -t 0 What is granite?\nprint(reply.text)",
    '%embed "a text to embed"',
    "%%embed -o vectors --dimensions 8\none\ntwo",
    "vectors",
    "%image a lighthouse at dawn --n 2 --width 64 --height 64 -o gallery",
    "print([p.seed for p in gallery])",
    "%models --type chat",
    "%%completion --max-tokens 12\nOnce upon a time",
    '%chat --schema "colour red|blue, size int" -o shaped A blue box of size 3.',
    "shaped.df",
]  # fmt: skip


def run(folder, environment):
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(code) for code in [*WARM, *CELLS]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources)
    client.execute(env=environment)
    return [cell.outputs for cell in notebook.cells]


def seen(outputs):
    """Give what a reader sees; how long it took stands in the metadata."""
    return [out.get("data") or out.get("text") for out in outputs]


def test_a_replayed_notebook_shows_what_it_showed(surroundings, tmp_path):
    ours = str(nbnebius.__path__[0]).removesuffix("/nbnebius")
    with running_sandbox(tmp_path) as sandbox:
        asked = surroundings(
            tmp_path,
            NEBIUS_BASE_URL=sandbox.base_url,
            NEBIUS_API_KEY=sandbox.api_key,
            PYTHONPATH=ours,
        )
        before = run(tmp_path / "before", asked)
    replayed = surroundings(
        tmp_path, NBNEBIUS_REPLAY=str(tmp_path / "notebook.tape"), PYTHONPATH=ours
    )
    after = run(tmp_path / "after", replayed)
    for code, one, other in zip(CELLS, before[3:], after[3:], strict=True):
        assert seen(other) == seen(one), code
    assert "answers are recorded into" in str(before[1])
    assert "nothing is recorded: answers come from" in str(after[1])
    names = [sorted(p.name for p in (tmp_path / f / "nebius_images").iterdir())
             for f in ("before", "after")]  # fmt: skip
    assert names[0] == names[1]
    for name in names[0]:
        first, second = (tmp_path / f / "nebius_images" / name for f in ("before", "after"))
        assert first.read_bytes() == second.read_bytes()


def test_the_magics_say_what_they_do(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    assert "takes a file, or off" in kernel.run("%nebius record").message
    assert "recorded into" in kernel.ok('%nebius record "my tape.db"').plain
    assert "my tape.db" in kernel.ok("%nebius").plain
    kernel.ok("%chat -t 0 Say a word")
    assert "recorded into" in kernel.ok("%nebius record off").plain
    assert "nothing was being recorded" in kernel.ok("%nebius record off").plain
    assert "no key, no network" in kernel.ok('%nebius replay "my tape.db"').plain
    status = kernel.ok("%nebius").plain
    assert "answers come from" in status
    assert "USD 0" in status
    assert sandbox.base_url not in status
    kernel.ok("%chat -t 0 Say a word")
    failed = kernel.run("%chat -t 0 Say another word")
    assert failed.ename == "ReplayError"
    assert "is asked again" in kernel.ok("%nebius replay off").plain
    assert sandbox.base_url in kernel.ok("%nebius").plain


def test_under_the_environment_neither_login_nor_sandbox_nor_record_begin_anything(
    start_kernel, sandbox, tmp_path
):
    tape = tmp_path / "a.tape"
    recorder = start_kernel(sandbox)
    recorder.ok(f'%nebius record "{tape}"')
    recorder.ok("%nebius record off")
    kernel = start_kernel(NBNEBIUS_REPLAY=str(tape))
    assert "no key is needed" in kernel.ok("%nebius login").plain
    assert "no sandbox is needed" in kernel.ok("%nebius sandbox").plain
    assert "nothing is recorded" in kernel.ok("%nebius record other.tape").plain
    assert kernel.ok("%nebius record off").status == "ok"
    assert "NBNEBIUS_REPLAY says" in kernel.run("%nebius replay off").message
    assert len(kernel.ok("%models").displays) == 1


def test_a_recording_that_is_not_there_is_said_at_the_first_call(start_kernel, tmp_path):
    kernel = start_kernel(NBNEBIUS_REPLAY=str(tmp_path / "nowhere.tape"))
    failed = kernel.run("%chat Hello")
    assert failed.ename == "ReplayError"
    assert "There is no recording nowhere.tape" in failed.message
