"""A sandbox process for tests, on a port of its own and with a data folder of its own."""

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

KEY = "sandbox-test-key"
_LONGEST_START = 60
_LONGEST_STOP = 20


@dataclass(slots=True)
class RunningSandbox:
    """A sandbox that is ready to accept connections."""

    base_url: str
    api_key: str
    process: subprocess.Popen[str]
    data: Path

    @property
    def root_url(self) -> str:
        """The address without ``v1/``."""
        return self.base_url.removesuffix("v1/")

    def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(_LONGEST_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(_LONGEST_STOP)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


def start_sandbox(tmp_path: Path, *extra_args: str) -> RunningSandbox:
    """
    Start a sandbox and wait until it is ready.

    Without arguments it streams without delay and asks for the key ``sandbox-test-key``; later
    arguments win over earlier ones.
    """
    data = tmp_path / "sandbox-data"
    command = [
        *(sys.executable, "-m", "nbnebius.sandbox", "--port", "0", "--api-key", KEY),
        *("--data", str(data), "--tokens-per-second", "0", *extra_args),
    ]
    # stderr goes to a file: a pipe that nobody reads could fill up and block the process.
    with (tmp_path / "sandbox-stderr.txt").open("w") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    ready = _read_ready_lines(process)
    if len(ready) < 2:
        process.kill()
        process.wait(_LONGEST_START)
        reason = (tmp_path / "sandbox-stderr.txt").read_text()
        raise RuntimeError(f"the sandbox did not start: {reason}")
    return RunningSandbox(ready["NEBIUS_BASE_URL"], ready["NEBIUS_API_KEY"], process, data)


def _read_ready_lines(process: subprocess.Popen[str]) -> dict[str, str]:
    ready: dict[str, str] = {}
    assert process.stdout is not None
    while len(ready) < 2:
        line = process.stdout.readline()
        if not line:
            break
        name, _, value = line.strip().partition("=")
        ready[name] = value
    return ready


@contextlib.contextmanager
def running_sandbox(tmp_path: Path, *extra_args: str):
    """Give a sandbox for the length of a block."""
    sandbox = start_sandbox(tmp_path, *extra_args)
    try:
        yield sandbox
    finally:
        sandbox.stop()
