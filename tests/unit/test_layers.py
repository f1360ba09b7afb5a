"""Imports go down only; sibling rooms do not see each other."""

import subprocess
import sys
from pathlib import Path

import nbnebius

ROOT = Path(nbnebius.__file__).resolve().parent.parent


def test_every_import_keeps_to_the_layers():
    command = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_file_of_the_product_is_longer_than_a_noun():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "nbnebius").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert long == {}
