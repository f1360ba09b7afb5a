"""The command line: help, doctor, sandbox, and what is said when something is missing."""

import os
import signal
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

LONGEST = 60


@pytest.fixture
def environment(tmp_path):
    own = {k: v for k, v in os.environ.items() if not k.startswith(("NEBIUS_", "NBNEBIUS_", "SSL"))}
    return own | {"NBNEBIUS_HOME": str(tmp_path / "state"), "NO_PROXY": "127.0.0.1"}


@pytest.fixture
def nbnebius(environment, tmp_path):
    def run(*arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "nbnebius.cli", *arguments],
            env=environment | more, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST,
            check=False,
        )  # fmt: skip

    return run


def test_help_names_the_commands(nbnebius):
    done = nbnebius("--help")
    assert done.returncode == 0
    for word in ("tour", "sandbox", "doctor", "--version"):
        assert word in done.stdout


def test_the_version(nbnebius):
    from nbnebius.version import __version__

    assert nbnebius("--version").stdout == f"nbnebius {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["sandbx"], [], ["doctor", "--wrong"], ["tour", "--por", "1"]]
)
def test_what_is_not_understood_is_told_with_the_commands(nbnebius, arguments):
    done = nbnebius(*arguments)
    assert done.returncode == 2
    assert "usage: nbnebius" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor(nbnebius, tmp_path):
    done = nbnebius("doctor")
    assert done.returncode == 0
    assert "look  no API key" in done.stdout
    assert "NEBIUS_API_KEY" in done.stdout
    assert "%nebius sandbox" in done.stdout
    assert "extra sandbox: installed" in done.stdout
    assert not (tmp_path / "state").exists()


def test_the_doctor_with_a_key_does_not_show_it(nbnebius):
    done = nbnebius("doctor", NEBIUS_API_KEY="key-of-a-user-0123456789", SSLKEYLOGFILE="keys.txt")
    assert "fine  key from environment" in done.stdout
    assert "key-of-a-user" not in done.stdout
    assert "look  SSLKEYLOGFILE is set" in done.stdout


def test_the_doctor_tells_of_a_bad_address(nbnebius):
    done = nbnebius("doctor", NEBIUS_BASE_URL="ftp://nowhere")
    assert done.returncode == 0
    assert "look  The base URL is no address" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_sandbox_prints_two_lines_and_ends_on_sigterm(environment, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "nbnebius.cli", "sandbox", "--port", "0", "--data", "data"],
        env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        told = dict(process.stdout.readline().strip().split("=", 1) for _ in range(2))
        assert list(told) == ["NEBIUS_BASE_URL", "NEBIUS_API_KEY"]
        request = Request(
            f"{told['NEBIUS_BASE_URL']}models",
            headers={"Authorization": f"Bearer {told['NEBIUS_API_KEY']}"},
        )
        with urlopen(request, timeout=LONGEST) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST) == 0
        assert process.stdout.read() == ""
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


HIDE = """
import sys
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in {gone} else real(name)
from nbnebius.cli import main
sys.exit(main({arguments}))
"""


@pytest.mark.parametrize(
    ("arguments", "gone", "words"),
    [
        (["sandbox"], ["uvicorn"], ["uvicorn missing", "pip install 'nbnebius[sandbox]'"]),
        (["sandbox"], ["starlette", "uvicorn"], ["starlette and uvicorn missing"]),
        (["tour"], ["jupyterlab"], ["jupyterlab missing", "pip install 'nbnebius[lab]'"]),
        (["tour", "--run"], ["nbclient"], ["nbclient missing", "pip install 'nbnebius[lab]'"]),
    ],
)
def test_a_missing_extra_is_said_in_words(environment, tmp_path, arguments, gone, words):
    done = subprocess.run(
        [sys.executable, "-c", HIDE.format(gone=gone, arguments=arguments)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
