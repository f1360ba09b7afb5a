"""Look at what an installation has and lacks, and say it in words."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.errors import NebiusError, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable


# Variables that change how the service is reached, and what each changes.
NOTEWORTHY = {
    "SSL_CERT_FILE": "which certificates are trusted",
    "SSLKEYLOGFILE": "who can read the connection: its keys are written to a file",
    "SSL_CERT_DIR": "which certificates are trusted",
    **dict.fromkeys(
        ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"),
        "the way that requests take",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor looked at."""

    fine: bool
    text: str
    hint: str = ""


def examine(journal: Path, *, key_source: str | None, endpoint: str) -> list[Finding]:
    """
    Look at what this installation has and lacks, without network.

    Parameters
    ----------
    journal
        Where the journal is kept.
    key_source
        Where the key came from, or None where there is none.
    endpoint
        The address in force.
    """
    version = ".".join(map(str, sys.version_info[:3]))
    findings = [
        Finding(
            sys.version_info >= (3, 11), f"Python {version}", "nbnebius needs Python 3.11 or newer"
        ),
        Finding(
            key_source is not None,
            f"key from {key_source}" if key_source else "no API key",
            "set NEBIUS_API_KEY or run %nebius login; without a key: %nebius sandbox",
        ),
        Finding(fine=True, text=f"requests go to {endpoint}"),
        _writable(journal.parent),
    ]
    for extra, packages in (
        ("sandbox", ("starlette", "uvicorn")),
        ("lab", ("jupyterlab", "nbclient", "nbconvert", "ipykernel")),
    ):
        gone = [name for name in packages if find_spec(name) is None]
        findings.append(
            Finding(
                not gone,
                f"extra {extra}: " + (f"{', '.join(gone)} missing" if gone else "installed"),
                f"pip install 'nbnebius[{extra}]'",
            )
        )
    for name, what in NOTEWORTHY.items():
        if os.environ.get(name):
            hint = f"it changes {what}; unset it if that is not meant"
            findings.append(Finding(fine=False, text=f"{name} is set", hint=hint))
    return findings


def answers(count_models: Callable[[], int]) -> Finding:
    """Look whether the service answers, by counting its models: that is free."""
    try:
        return Finding(fine=True, text=f"the service answers, with {count_models()} models")
    except Stopped:
        raise
    except NebiusError as error:
        return Finding(fine=False, text=error.what, hint=error.hint or error.why)


def _writable(folder: Path) -> Finding:
    hint = "set NBNEBIUS_HOME to a folder you can write to"
    parent = folder
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    fine = os.access(parent, os.W_OK | os.X_OK)
    text = f"answers are kept in {folder}" if fine else f"{folder} cannot be written to"
    return Finding(fine, text, hint)
