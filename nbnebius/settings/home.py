"""The one folder where state is kept, and the recording that is to answer."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def replay_file() -> Path | None:
    """Give the recording that ``NBNEBIUS_REPLAY`` names, None where it names none."""
    told = os.environ.get("NBNEBIUS_REPLAY")
    return Path(told).expanduser().absolute() if told else None


def home() -> Path:
    """Give the state folder: ``NBNEBIUS_HOME``, else the user's own state folder."""
    if told := os.environ.get("NBNEBIUS_HOME"):
        return Path(told).expanduser()
    own, state = Path(os.environ.get("HOME", "")), Path(os.environ.get("XDG_STATE_HOME", ""))
    if sys.platform == "linux" and own.is_absolute() and "ANDROID_DATA" not in os.environ:
        # what platformdirs would say, for a tenth of its time
        return (state if state.is_absolute() else own / ".local/state") / "nbnebius"
    import platformdirs

    return Path(platformdirs.user_state_dir("nbnebius", appauthor=False))
