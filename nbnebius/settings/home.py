"""The one folder where state is kept."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """Give the state folder: ``NBNEBIUS_HOME``, else the user's own state folder."""
    if told := os.environ.get("NBNEBIUS_HOME"):
        return Path(told).expanduser()
    import platformdirs

    return Path(platformdirs.user_state_dir("nbnebius", appauthor=False))
