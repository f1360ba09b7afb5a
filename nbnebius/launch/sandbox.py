"""Start the sandbox as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nbnebius.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

READY_WITHIN = 30.0  # seconds
STOP_WITHIN = 5.0
# What these name is for real services: the sandbox makes a key of its own.
NOT_INHERITED = ("NEBIUS_", "OPEN_WEBUI_", "NEBULA_")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox; it ends with `stop`, or when this process ends."""

    base_url: str
    api_key: str
    process: subprocess.Popen[str]

    def __repr__(self) -> str:
        return f"Sandbox({self.base_url!r})"

    def stop(self) -> None:
        """End it, politely and then not."""
        _end(self.process)


def missing_for_sandbox() -> list[str]:
    """Name the packages of the extra ``sandbox`` that are not installed."""
    return [name for name in ("starlette", "uvicorn") if find_spec(name) is None]


def start_sandbox(data: Path | None = None, *, port: int = 0) -> Sandbox:
    """
    Start the sandbox and wait until it answers.

    Parameters
    ----------
    data
        Its folder; the user's state folder if left out.
    port
        0 takes a free one.

    Raises
    ------
    SettingsError
        The extra is not installed, or the sandbox did not start.
    """
    if missing := missing_for_sandbox():
        raise SettingsError(
            "The sandbox is not installed",
            why=f"{' and '.join(missing)} missing",
            hint="pip install 'nbnebius[sandbox]'",
        )
    arguments = [sys.executable, "-m", "nbnebius.sandbox", "--port", str(port)]
    arguments += ["--exit-with", str(os.getpid())]
    if data is not None:
        arguments += ["--data", str(data)]
    # A file takes what it tells of itself: a pipe that nobody reads would fill up and block it.
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)},
            # Its own session: an interrupt of the kernel must not end it.
            start_new_session=True,
        )
        sandbox = None
        try:
            told = _ready_lines(process)
            if "NEBIUS_BASE_URL" in told and "NEBIUS_API_KEY" in told:
                sandbox = Sandbox(told["NEBIUS_BASE_URL"], told["NEBIUS_API_KEY"], process)
                return sandbox
        finally:
            if sandbox is None:
                _end(process)
        errors.seek(0)
        last = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        raise SettingsError(
            "The sandbox did not start",
            why=last[0][:300] if last else f"it said nothing within {READY_WITHIN:.0f} s",
            hint="nbnebius sandbox, in a terminal, shows why",
        )


def _ready_lines(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the two lines that tell the address and the key; fewer, where they do not come."""
    stdout = process.stdout
    assert stdout is not None
    # A pipe cannot be read with a limit of time: the watch ends the process, and so the reading.
    watch = threading.Timer(READY_WITHIN, process.kill)
    watch.daemon = True
    watch.start()
    told: dict[str, str] = {}
    try:
        for line in stdout:
            name, _, value = line.strip().partition("=")
            told[name] = value
            if len(told) == 2:  # noqa: PLR2004 - the address and the key
                break
    finally:
        watch.cancel()
    return told


def _end(process: subprocess.Popen[str]) -> None:
    """End it, politely and then not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()
