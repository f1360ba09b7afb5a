"""`connect`: make the default session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.session.default import make_default

if TYPE_CHECKING:
    from pathlib import Path

    from nbnebius.session.session import Session


def connect(
    api_key: str | None = None,
    base_url: str | None = None,
    project: str | None = None,
    *,
    max_retries: int = 8,
    timeout: float | None = None,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    **settings: Any,
) -> Session:
    """
    Make the default session, which every function and magic then uses.

    Parameters
    ----------
    api_key
        The key; from the environment, ``.env`` or Colab's secrets if left out. A key from there is
        sent to Nebius's hosts only, or to the environment's own base URL.
    base_url
        The address, with or without ``/v1``; Nebius Token Factory if left out. Any
        OpenAI-compatible server will do.
    project
        ``ai_project_id``, sent with requests for files, batches and custom models.
    max_retries
        How often a request that was not billed is sent again.
    timeout
        Seconds to wait for an answer; 300 to its first byte and 1800 in all if left out.
    record
        A file to write every answer into; see `Session.record`.
    replay
        A recording to answer from, without key or network; see `Session.replay`.
    **settings
        ``chat_model``, ``temperature`` …: what ``%nebius config`` sets.

    Returns
    -------
    Session
        The new default session; the old one is closed.

    Raises
    ------
    SettingsError
        A bad address, or a key that would travel over plain http.
    ReplayError
        `record` or `replay` name another kind of file.
    """
    if record is not None and replay is not None:
        raise OptionError("connect() takes record or replay, not both")
    if api_key and api_key.startswith(("http://", "https://")):
        raise OptionError(
            "The first argument is the key, and this is an address",
            hint="connect(base_url=...)",
        )
    session = make_default(api_key, base_url, max_retries=max_retries, timeout=timeout, **settings)
    session.project = project
    if replay is not None:
        session.replay(replay)
    if record is not None:
        session.record(record)
    return session
