"""What the first chat of a fresh process brings in: only what it needs."""

import json
import os
import subprocess
import sys

import pytest
from sandbox_fixture import running_sandbox

CODE = """
import json, sys
import nbnebius as neb
neb.connect({key!r}, {url!r})
reply = neb.chat("Hello", max_tokens=16, private={private})
assert reply.text
print(json.dumps(sorted(sys.modules)))
"""
LIBRARIES = {
    "pandas", "numpy", "matplotlib", "httpx2", "httpcore2", "IPython", "ipywidgets", "PIL", "nh3",
    "markdown_it", "dask", "mcp", "email", "http", "html", "urllib.request", "importlib.metadata",
    "tempfile", "shutil", "difflib",
}  # fmt: skip
ROOMS = {"cli", "commands", "describe", "frames", "launch", "magics", "panels", "plots", "sandbox"}
WORK = {
    "nbnebius.work.map.run", "nbnebius.work.map.batch_file", "nbnebius.work.embed",
    "nbnebius.work.compare", "nbnebius.work.tools", "nbnebius.work.tool_rounds",
    "nbnebius.work.mcp_tools", "nbnebius.work.schema", "nbnebius.work.structured",
    "nbnebius.work.thread", "nbnebius.session.dask.frames", "nbnebius.session.explaining",
    "nbnebius.session.functions.tasks", "nbnebius.journal.bulk", "nbnebius.journal.job_rows",
    "nbnebius.journal.purging", "nbnebius.journal.salvage", "nbnebius.rendering.safe",
    "nbnebius.results.gallery", "nbnebius.transport.faults", "nbnebius.transport.http",
    "nbnebius.transport.streaming", "nbnebius.transport.tape.recording",
    "nbnebius.transport.tape.replaying", "nbnebius.client.batches", "nbnebius.client.files",
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.mark.parametrize("private", [True, False])
def test_a_first_chat_imports_only_what_it_needs(sandbox, tmp_path, private):
    code = CODE.format(key=sandbox.api_key, url=sandbox.base_url, private=private)
    environment = {**os.environ, "NBNEBIUS_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    brought = set(json.loads(run.stdout))
    assert "nbnebius.work.chat" in brought
    assert sorted(LIBRARIES & brought) == []
    assert sorted(ROOMS & {name.split(".")[1] for name in brought if "nbnebius." in name}) == []
    assert sorted(WORK & brought) == []
