"""``%nebius record`` and ``%nebius replay``: the notebook's answers in a file, and from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.commands.quoting import unquote
from nbnebius.errors import OptionError
from nbnebius.magics.screen import say
from nbnebius.session import default_session
from nbnebius.session.telling import short
from nbnebius.settings import replay_file

if TYPE_CHECKING:
    from nbnebius.magics.magic import Notebook
    from nbnebius.session import Session


def record(notebook: Notebook, rest: str) -> None:
    """Record answers into a file from now on, or end that."""
    session, name = default_session(), _file(rest, "record")
    if session.replays is not None and replay_file() is not None:
        # a notebook that records itself runs as it is where its recording answers
        say(notebook, f"nothing is recorded: {replayed(session)}")
        return
    if name is None:
        recorded = session.records
        session.record(None)
        said = f"recorded into {short(recorded)}" if recorded else "nothing was being recorded"
        say(notebook, said)
        return
    session.record(name)
    assert session.records is not None, "it began"
    say(
        notebook,
        f"answers are recorded into {short(session.records)}: it holds answers, no keys and no "
        "prompts; %nebius record off ends it",
    )


def replay(notebook: Notebook, rest: str) -> None:
    """Answer from a recording from now on, or end that."""
    session, name = default_session(), _file(rest, "replay")
    if name is not None:
        session.replay(name)
        say(notebook, replayed(session))
        return
    if replay_file() is not None:
        raise OptionError(
            "NBNEBIUS_REPLAY says that this notebook is replayed",
            why="it was set before the kernel began",
            hint="start the notebook without it",
        )
    before = session.replays
    session.replay(None)
    told = f"{session.endpoint.base_url} is asked again" if before else "nothing was replayed"
    say(notebook, told)


def replayed(session: Session) -> str:
    """Say where answers come from."""
    assert session.replays is not None, "it replays"
    return f"answers come from {short(session.replays)}: no key, no network, nothing is paid"


def _file(rest: str, verb: str) -> Path | None:
    """Read the file's name; None for ``off``."""
    if not rest:
        raise OptionError(
            f"%nebius {verb} takes a file, or off", hint=f"as %nebius {verb} notebook.tape"
        )
    return None if rest == "off" else Path(unquote(rest))
