"""End when the process that started the sandbox ends, even if that was killed."""

import os
import signal
import threading
import time

_LOOK_EVERY = 0.5  # seconds


def exit_with(pid: int) -> None:
    """Send this process SIGTERM once `pid` is gone."""
    threading.Thread(target=_watch, args=(pid,), name="sandbox-lifetime", daemon=True).start()


def _watch(pid: int) -> None:
    while _alive(pid):
        time.sleep(_LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
