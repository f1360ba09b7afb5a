"""JupyterLab as its own process, with nothing of the developer's own settings."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "maxNumberOutputs": 10_000},
    "docmanager-extension/plugin": {"autosave": False},
}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
    "--ServerApp.terminals_enabled=False",
]
# Nothing of these may reach the server from the shell that runs the tests.
FOREIGN = ("JUPYTER", "IPYTHON", "JPY_", "NEBIUS", "NBNEBIUS", "MPLBACKEND")
START_SECONDS = 90
STOP_SECONDS = 20


class Server:
    """
    One JupyterLab on a free port of this machine; its kernels run the tests' own Python.

    Parameters
    ----------
    root
        An empty folder for notebooks, settings and home.
    environment
        What its kernels get to see in addition.
    """

    def __init__(self, root, environment):
        self.root = root
        self.work = root / "work"
        self.token = secrets.token_hex(16)
        self.log = root / "server.log"
        for name in ("work", "home"):
            (root / name).mkdir()
        self._write_settings()
        self.environment = self._isolated() | environment
        for _ in range(3):  # a free port may be taken meanwhile
            self.port = _free_port()
            self.url = f"http://127.0.0.1:{self.port}"
            self.process = self._start()
            if self._is_up():
                return
            self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()[-3000:]}")

    def _write_settings(self):
        for plugin, values in SETTINGS.items():
            file = self.root / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))

    def _isolated(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        return kept | {
            "HOME": str(self.root / "home"),
            "JUPYTER_CONFIG_DIR": str(self.root / "config"),
            "JUPYTER_DATA_DIR": str(self.root / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.root / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.root / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.root / "workspaces"),
            "IPYTHONDIR": str(self.root / "ipython"),
        }

    def _start(self):
        command = [
            *(sys.executable, "-m", "jupyter", "lab", *OPTIONS),
            f"--port={self.port}",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.work}",
        ]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.work,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _is_up(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.call("GET", "status")
            except OSError:
                time.sleep(0.2)
            else:
                return True
        return False

    def call(self, method, path):
        """Ask the server's API something."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def end_kernels(self):
        """End every kernel, so that the next test starts with none."""
        for session in self.call("GET", "sessions"):
            self.call("DELETE", f"sessions/{session['id']}")

    def stop(self):
        """End the server, and with it its kernels."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
