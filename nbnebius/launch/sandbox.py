"""Start the sandbox as a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nbnebius.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

READY_WITHIN = 30.0  # seconds
STOP_WITHIN = 5.0


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
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


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
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Its own session: an interrupt of the kernel must not end it.
        start_new_session=True,
    )
    assert process.stdout is not None
    told: dict[str, str] = {}
    for line in process.stdout:
        name, _, value = line.strip().partition("=")
        told[name] = value
        if len(told) == 2:  # noqa: PLR2004 - the address and the key
            break
    if "NEBIUS_BASE_URL" not in told or "NEBIUS_API_KEY" not in told:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        reason = process.stderr.read().strip()[-300:] if process.stderr else ""
        process.kill()
        raise SettingsError(
            "The sandbox did not start", why=reason, hint="python -m nbnebius.sandbox shows why"
        )
    return Sandbox(told["NEBIUS_BASE_URL"], told["NEBIUS_API_KEY"], process)
