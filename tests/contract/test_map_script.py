"""A script's `map`, as it stands in a terminal and in a file."""

import os
import subprocess
import sys

import pytest
from sandbox_fixture import running_sandbox

SCRIPT = """
import nbnebius as neb
found = neb.map([f"t{n}" for n in range(24)], "Repeat: {text}", concurrency=2, max_tokens=20)
print(len(found), "rows")
"""
LONGEST = 120


@pytest.fixture
def environment(tmp_path):
    with running_sandbox(tmp_path, "--fault", "slow:300ms@/v1/chat") as running:
        yield {
            **os.environ,
            "NEBIUS_BASE_URL": running.base_url,
            "NEBIUS_API_KEY": running.api_key,
            "NBNEBIUS_HOME": str(tmp_path / "state"),
            "NO_PROXY": "127.0.0.1,localhost",
        }


def test_a_terminal_shows_one_line_of_progress_that_the_summary_replaces(environment):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", SCRIPT]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # how Linux tells that the other end has closed
            pass
        os.close(ours)
        assert process.wait(LONGEST) == 0
    text = shown.decode()
    assert "of 24 requests" in text
    # What stands on each line at the end.
    lines = [line.rpartition("\r")[2] for line in text.rstrip().split("\r\n")]
    assert not any("of 24 requests" in line for line in lines)
    assert any(line.startswith("nbnebius: 24 rows · 24 bought") for line in lines)
    assert lines[-1] == "24 rows"


def test_a_file_gets_the_summary_only(environment):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    assert done.stdout == "24 rows\n"
    assert "of 24 requests" not in done.stderr
    assert "\r" not in done.stderr
    assert "nbnebius: 24 rows · 24 bought" in done.stderr
