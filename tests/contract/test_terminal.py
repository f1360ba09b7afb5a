"""In a plain IPython terminal everything is readable text."""

import os
import re
import subprocess
import sys

import pytest
from sandbox_fixture import running_sandbox

LONGEST = 120


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def terminal(sandbox, tmp_path):
    """Type cells into IPython's simple prompt and give what stands on the screen."""

    def type_in(*cells):
        own = {k: v for k, v in os.environ.items() if not k.startswith(("NEBIUS_", "NBNEBIUS_"))}
        environment = own | {
            "NEBIUS_BASE_URL": sandbox.base_url,
            "NEBIUS_API_KEY": sandbox.api_key,
            "NBNEBIUS_HOME": str(tmp_path / "state"),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "NO_PROXY": "127.0.0.1,localhost",
        }
        command = [
            sys.executable,
            "-m",
            "IPython",
            "--simple-prompt",
            "--no-banner",
            "--no-confirm-exit",
        ]
        command += ["--colors=nocolor", "--ext=nbnebius"]
        text = "\n".join([*cells, "exit", ""])
        done = subprocess.run(
            command, input=text, env=environment, cwd=tmp_path, capture_output=True, text=True,
            timeout=LONGEST, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return type_in


def readable(shown):
    assert "<div" not in shown
    assert "<IPython" not in shown
    assert "Traceback" not in shown
    assert not re.search(r"Out\[\d+\]:\s*(In \[|$)", shown), shown
    return True


def test_a_chat_is_plain_text(terminal):
    shown = terminal("%%chat", "Count from 1 to 12", "", "", "print('the', 'end')")
    assert readable(shown)
    assert shown.count("10, 11, 12") == 1
    assert "Qwen" in shown
    assert "USD" in shown
    assert "the end" in shown
    assert "Reply(" not in shown


def test_what_was_shown_is_still_a_value(terminal):
    shown = terminal(
        "%chat Hello", "print('model:', _.model)", "x = %chat -q Count from 1 to 3", "x"
    )
    assert readable(shown)
    assert "model: Qwen/" in shown


def test_an_error_has_three_lines(terminal):
    shown = terminal("%chat {{nope}}", "%chat --modle x Hi", "print('the', 'end')")
    assert readable(shown)
    assert "OptionError: There is no variable 'nope'" in shown
    assert "did you mean --model?" in shown
    assert "the end" in shown


def test_the_other_magics(terminal):
    shown = terminal(
        "%nebius", "%embed 'a text'", "%image a cat", "%models --type image", "%chat --dry-run Hi",
        "%nebius doctor", "%chat --help", "print('the', 'end')",
    )  # fmt: skip
    assert readable(shown)
    for word in (
        "endpoint",
        "Embedding",
        "nebius_images",
        "flux",
        "Nothing was sent",
        "fine  Python",
        "Examples:",
        "the end",
    ):
        assert word in shown


def test_bare_words_are_not_magics(terminal):
    shown = terminal("models", "chat hello")
    assert "NameError: name 'models' is not defined" in shown
    assert "SyntaxError" in shown
