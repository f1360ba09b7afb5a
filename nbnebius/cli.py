"""
The command line: ``nbnebius tour``, ``nbnebius sandbox``, ``nbnebius doctor``.

The tour keeps its own state folder, so that it neither shows nor fills the user's own ledger.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from nbnebius.errors import NebiusError, SettingsError
from nbnebius.version import __version__


def main(argv: list[str] | None = None) -> int:
    """Run one of the commands; the exit code comes back."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["sandbox"]:
        return _sandbox(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="nbnebius",
        description="Ask, embed and draw with Nebius Token Factory from a notebook.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"nbnebius {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    tour = commands.add_parser(
        "tour",
        help="open the tour in JupyterLab, on a sandbox: no key needed",
        allow_abbrev=False,
    )
    tour.add_argument(
        "--run",
        action="store_true",
        help="run it without a browser, print what each cell gave, and write tour.html",
    )
    tour.add_argument("--port", type=int, default=8888, help="JupyterLab's port")
    tour.add_argument("--no-browser", action="store_true", help="print the address only")
    commands.add_parser("sandbox", help="a local service with the same API")
    commands.add_parser("doctor", help="what is missing, in words")
    options = parser.parse_args(arguments)
    try:
        if options.command == "doctor":
            return _doctor()
        # SIGTERM ends what was started, too: the sandbox and JupyterLab.
        signal.signal(signal.SIGTERM, _leave)
        return _run_tour() if options.run else _open_tour(options.port, options.no_browser)
    except NebiusError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _sandbox(arguments: list[str]) -> int:
    """Become the sandbox: it is a program of its own and shares nothing with this one."""
    from nbnebius.launch import missing_for_sandbox

    missing = missing_for_sandbox()
    if not missing:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "nbnebius.sandbox", *arguments])
    print(
        f"The sandbox is not installed: {' and '.join(missing)} missing.\n"
        "pip install 'nbnebius[sandbox]'",
        file=sys.stderr,
    )
    return 1


def _doctor() -> int:
    from nbnebius.launch import Finding, answers, examine
    from nbnebius.session import Session
    from nbnebius.settings import Config, find_endpoint, home

    key_source, address, answering = None, "nowhere", []
    try:
        config = Config()
        endpoint = find_endpoint(config=config.user)
        key_source, address = endpoint.key_source, endpoint.base_url
        if endpoint.key or not endpoint.is_nebius:
            session = Session(endpoint, config, max_retries=0)
            answering.append(answers(lambda: len(session.models())))
            session.close()
    except NebiusError as error:
        answering.append(Finding(fine=False, text=error.what, hint=error.hint or error.why))
    findings = examine(home() / "journal.sqlite", key_source=key_source, endpoint=address)
    findings += answering
    for finding in findings:
        print(f"fine  {finding.text}" if finding.fine else f"look  {finding.text}")
        if not finding.fine and finding.hint:
            print(f"      {finding.hint}")
    return 0


def tour_notebook() -> Path:
    """Find the tour: in a checkout beside the package, else inside it."""
    here = Path(__file__).resolve().parent
    for path in (here.parent / "notebooks" / "tour.ipynb", here / "notebooks" / "tour.ipynb"):
        if path.is_file():
            return path
    raise SettingsError("The tour's notebook is missing", hint="reinstall nbnebius")


def _need_lab() -> None:
    from importlib.util import find_spec

    needed = ("jupyterlab", "nbclient", "nbconvert", "ipykernel", "starlette", "uvicorn")
    if missing := [name for name in needed if find_spec(name) is None]:
        raise SettingsError(
            "The tour needs JupyterLab and the sandbox",
            why=f"{', '.join(missing)} missing",
            hint="pip install 'nbnebius[lab]'",
        )


def _environment(base_url: str, api_key: str, state: Path) -> dict[str, str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("NEBIUS_")}
    return own | {
        "NEBIUS_BASE_URL": base_url,
        "NEBIUS_API_KEY": api_key,
        "NBNEBIUS_HOME": str(state),
        # The notebook's kernel is this very Python, whatever other kernels are installed.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def _open_tour(port: int, no_browser: bool) -> int:
    """Open the tour in JupyterLab, on a copy, so that a checkout stays as it is."""
    _need_lab()
    from nbnebius.launch import start_sandbox
    from nbnebius.settings import home

    state = home() / "tour"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    work = Path("nbnebius-tour")
    work.mkdir(exist_ok=True)
    copy = work / "tour.ipynb"
    if not copy.exists():
        shutil.copyfile(tour_notebook(), copy)
    sandbox = start_sandbox(state / "sandbox")
    print(f"The sandbox runs at {sandbox.base_url}")
    print(f"JupyterLab opens {copy}; Ctrl-C ends both.", flush=True)
    command = [
        *(sys.executable, "-m", "jupyter", "lab", f"--port={port}"),
        *(f"--ServerApp.root_dir={work.resolve()}", f"--LabApp.default_url=/lab/tree/{copy.name}"),
    ]
    if no_browser:
        command.append("--no-browser")
    if hasattr(os, "getuid") and os.getuid() == 0:
        command.append("--allow-root")
    try:
        environment = _environment(sandbox.base_url, sandbox.api_key, state)
        return subprocess.call(command, env=environment)
    finally:
        sandbox.stop()


def _run_tour() -> int:
    """Run the tour without a browser; 0 only if every cell worked."""
    _need_lab()
    from nbnebius.launch import start_sandbox
    from nbnebius.launch.headless import run_notebook

    with tempfile.TemporaryDirectory(prefix="nbnebius-tour-") as folder:
        state = Path(folder)
        sandbox = start_sandbox(state / "sandbox")
        try:
            environment = _environment(sandbox.base_url, sandbox.api_key, state / "state")
            work = state / "work"
            work.mkdir()
            return run_notebook(tour_notebook(), work, environment, Path("tour.html"))
        finally:
            sandbox.stop()


if __name__ == "__main__":
    sys.exit(main())
