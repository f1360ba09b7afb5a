"""The default session: the only global state there is."""

from __future__ import annotations

import atexit
import threading
from typing import Any

from nbnebius.errors import OptionError
from nbnebius.events import Note
from nbnebius.session.session import Session
from nbnebius.settings import (
    DEFAULT_BASE_URL,
    Config,
    Endpoint,
    Source,
    find_endpoint,
    replay_file,
)
from nbnebius.transport import Secret, Timeouts

_default: list[Session] = []
_lock = threading.RLock()


def default_session() -> Session:
    """Give the default session, made from the environment where there is none."""
    with _lock:
        if not _default:
            make_default()
        return _default[0]


def has_default() -> bool:
    """Tell whether a default session was made already."""
    return bool(_default)


def make_default(
    api_key: str | Secret | None = None,
    base_url: str | None = None,
    *,
    key_source: Source = "argument",
    max_retries: int = 8,
    timeout: float | None = None,
    **settings: Any,
) -> Session:
    """
    Make a session and put it in the old one's place, which is closed.

    Where ``NBNEBIUS_REPLAY`` names a recording, it answers, whatever address and key are given.
    """
    if max_retries < 0:
        raise OptionError(f"max_retries cannot be {max_retries}", why="it takes 0 or more")
    if timeout is not None and not timeout > 0:
        raise OptionError(f"timeout cannot be {timeout}", why="it takes seconds above 0")
    recording = replay_file()
    config = Config(recorded={} if recording else None)
    with _lock:
        if _default:
            config.adopt(_default[0].config)
    for name, value in settings.items():
        config.set(name, value)
    if recording:
        endpoint = Endpoint(DEFAULT_BASE_URL, "recording")
    else:
        endpoint = find_endpoint(api_key, base_url, config=config.user, key_source=key_source)
    timeouts = Timeouts() if timeout is None else Timeouts(first_byte=timeout, total=timeout)
    session = Session(endpoint, config, max_retries=max_retries, timeouts=timeouts)
    if recording:
        session.replay(recording)
    with _lock:
        if _default:
            session.go_on_from(_default[0])
            if ended := _default[0].records:
                _default[0].observer(Note(f"{ended.name} ends here: this is a new connection"))
            session.observer, session.asker = _default[0].observer, _default[0].asker
        close_default()
        _default.append(session)
        atexit.unregister(close_default)
        atexit.register(close_default)
    return session


def close_default() -> None:
    """Close the default session, if there is one."""
    with _lock:
        while _default:
            _default.pop().close()
