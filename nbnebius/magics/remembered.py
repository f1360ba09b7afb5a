"""Names of threads and saved prompts, as far as they are known without asking anybody."""

from __future__ import annotations

from nbnebius.errors import NebiusError
from nbnebius.magics.catalog import session_there

ALWAYS = ("notebook", "none")  # the notebook's own thread, and no thread


def known_threads() -> list[str]:
    """List the threads of the session that is at work; without one, the words that always hold."""
    session = session_there()
    names: list[str] = []
    if session and session.is_at_work:
        try:
            names = session.thread_names()
        except NebiusError:
            names = []
    return [*(name for name in names if ":" not in name), *ALWAYS]


def known_prompts() -> list[str]:
    """List the saved prompts of the session that is at work; none without one."""
    session = session_there()
    if not (session and session.is_at_work):
        return []
    try:
        return [prompt.name for prompt in session.saved_prompts()]
    except NebiusError:
        return []
