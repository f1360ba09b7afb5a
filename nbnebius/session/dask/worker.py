"""The session of a worker: its own key, from its own environment, and its own journal."""

from __future__ import annotations

import atexit
import socket
import threading

from nbnebius.session.default import default_session, has_default
from nbnebius.session.session import Session
from nbnebius.settings import Config, find_endpoint, home, replay_file

_lock = threading.Lock()
_sessions: dict[str, Session] = {}
"""By address: a worker may work for several jobs at once, and its connections are kept."""


def worker_session(base_url: str) -> Session:
    """
    Give this process's session with an address; the default one where it goes there.

    Raises
    ------
    SettingsError
        This process has no key that may go there.
    """
    with _lock:
        if replay_file():
            return default_session()  # only a recording answers here
        if has_default() and default_session().endpoint.base_url == base_url:
            return default_session()
        if base_url not in _sessions:
            config = Config()
            _sessions[base_url] = Session(find_endpoint(None, base_url, config=config.user), config)
            if len(_sessions) == 1:
                atexit.register(_close)
        return _sessions[base_url]


def journal_place() -> str:
    """Name the journal that this process keeps its answers in: its host and folder."""
    return f"{socket.gethostname()}:{home().resolve()}"


def _close() -> None:
    with _lock:
        while _sessions:
            _sessions.popitem()[1].close()
