"""
Defects planted on purpose, one at a time, in a copy of this repository.

Each replaces a piece of the product by what a hurried hand could have written there, and names the
test that has to fail. ``python -m tests.fault.planted`` plants them all; words
after it choose those whose names hold one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("planted.toml")
COPIED = ("nbnebius", "tests", "notebooks", "docs", "pyproject.toml", "README.md", "CHANGELOG.md")
FAILED = 1
"""What pytest exits with where a test failed; anything else is no proof."""


@dataclass(frozen=True, slots=True)
class Planted:
    """
    One defect.

    Attributes
    ----------
    what
        The defect, in a few words.
    file
        Where.
    old, new
        The piece that is there, once, and what takes its place.
    test
        What has to fail.
    slow
        The test takes more than some seconds: it is planted at the full size only.
    """

    what: str
    file: str
    old: str
    new: str
    test: str
    slow: bool = False

    def __str__(self) -> str:
        return self.what


def all_planted() -> list[Planted]:
    """Give the list."""
    return [Planted(**one) for one in tomllib.loads(LIST.read_text())["planted"]]


def copy_to(folder: Path) -> None:
    """Copy what the tests need."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "browser")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy2(source, folder / name)


def plant(one: Planted, folder: Path) -> str:
    """
    Plant a defect in a copy; gives what the file said before.

    Raises
    ------
    ValueError
        The piece is not there exactly once: the list has to follow the code.
    """
    path = folder / one.file
    before = path.read_text()
    if before.count(one.old) != 1:
        times = before.count(one.old)
        raise ValueError(f"{one.what}: {one.file} holds the piece {times} times, not once")
    path.write_text(before.replace(one.old, one.new))
    return before


def run_test(test: str, folder: Path) -> tuple[int, str]:
    """Run a test in the copy; gives pytest's exit code and what it said."""
    command = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test)
    # at the sizes of CI, and what it counts is not kept: it is a defect's
    own = {k: v for k, v in os.environ.items() if k not in {"NBN_FAULT_SIZE", "NBN_COUNTS"}}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**own, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def is_caught(one: Planted, folder: Path) -> tuple[bool, str]:
    """Plant a defect in a copy and tell whether its test fails; the copy is whole again after."""
    before = plant(one, folder)
    try:
        code, said = run_test(one.test, folder)
    finally:
        (folder / one.file).write_text(before)
    return code == FAILED, said


def main() -> int:
    missed = 0
    with tempfile.TemporaryDirectory(prefix="nbnebius-planted-") as name:
        folder = Path(name)
        copy_to(folder)
        for one in all_planted():
            if not any(word in one.what for word in sys.argv[1:] or [""]):
                continue
            caught, _ = is_caught(one, folder)
            missed += not caught
            print("caught" if caught else "MISSED", one.what, "by", one.test, flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
