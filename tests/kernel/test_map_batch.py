"""A batch from a cell: interrupted, the kernel restarted, and the same cell goes on waiting."""

import re

import pytest
from sandbox_fixture import running_sandbox

pytestmark = [pytest.mark.kernel, pytest.mark.fault]

FRAME = "import pandas as pd, nbnebius as neb; asked = pd.DataFrame({'a': range(12)})"
CELL = "%%map asked -o judged --via batch --max-tokens 60\nWhat is {a} + 1?"


def test_an_interrupted_and_restarted_kernel_waits_for_the_same_batch(start_kernel, tmp_path):
    with running_sandbox(tmp_path, "--batch-rows-per-second", "1") as sandbox:
        kernel = start_kernel(sandbox)
        kernel.ok(FRAME)
        cell = kernel.begin(CELL)
        kernel.wait(cell, until=lambda cell: re.search(r"[1-9]\d* of 12 requests", cell.plain))
        kernel.interrupt()
        kernel.wait(cell)
        assert cell.ename == "Stopped"
        assert "goes on at the server" in cell.message
        assert kernel.value("set(judged.neb_status)") == "{'unsent'}"
        assert kernel.value("judged.neb_error[0].split(' batch_')[0]") == "'in batch'"
        kernel.restart()
        kernel.ok(FRAME)
        kernel.ok(CELL)
        assert kernel.value("set(judged.neb_status)") == "{'ok'}"
        assert kernel.value("neb.batches().total.tolist()") == "[12]"
        listed = kernel.value("neb.batches().metadata[0]['job']")
        assert listed == "'answer'"
