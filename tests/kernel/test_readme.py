"""What the README tells people to type runs, line by line, in one kernel."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.kernel

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_every_block_of_the_readme_runs(start_kernel, sandbox):
    kernel = start_kernel(sandbox, load=False)
    for block in BLOCKS:
        # the one question that is asked is for the key
        answers = [sandbox.api_key] if "%nebius login" in block else None
        cell = kernel.run(block, answers=answers)
        assert cell.status == "ok", f"{block}\n{cell.message}"
        assert len(cell.asked) == len(answers or [])


def test_the_readme_shows_whole_frames():
    assert any(block.startswith("%%map ") for block in BLOCKS)
    assert len(BLOCKS) > 8
