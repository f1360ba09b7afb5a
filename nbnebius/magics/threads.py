"""``%nebius threads``: list, show, drop, export and import conversations."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from nbnebius.commands.line import split_line
from nbnebius.commands.option import options_of
from nbnebius.commands.remembering import ThreadsOptions
from nbnebius.errors import OptionError
from nbnebius.magics.screen import CellPainter, LinePainter, say
from nbnebius.rendering.answer import usd
from nbnebius.rendering.transcript import Exchange, transcript_bundle
from nbnebius.session import default_session
from nbnebius.session.threads import OWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbnebius.magics.magic import Notebook
    from nbnebius.session.conversations import TurnRow

TURNS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


def threads(notebook: Notebook, rest: str) -> Any:
    """Run one of the forms; the list of threads comes back as a frame."""
    given = split_line(rest, options_of(ThreadsOptions))
    last: int | None = given.values.get("last")
    try:
        words = shlex.split(given.text)
    except ValueError as error:
        raise OptionError("The line cannot be read", why=str(error)) from None
    if last is not None and words[:1] != ["drop"]:
        raise OptionError("--last belongs to drop", hint="as %nebius threads drop NAME --last 2")
    if not words:
        return default_session().thread_table()
    if words[0] == "drop":
        _drop(notebook, words[1:], last)
    elif words[0] in FORMS:
        FORMS[words[0]](notebook, words[1:])
    elif len(words) > 1:
        raise OptionError(
            f"%nebius threads has no {words[0]!r} with more words",
            hint="it has NAME, drop, undo, export and import; a name with blanks stands in quotes",
        )
    else:
        _show(notebook, words[0])
    return None


def _show(notebook: Notebook, name: str) -> None:
    rows = default_session().turn_rows(name)
    exchanges = [
        Exchange(row.question or "(purged)", row.answer or "", _about(row)) for row in rows
    ]
    stale = sum(row.stale for row in rows)
    what = "this notebook's thread" if name == OWN else f"thread {name}"
    title = f"{what}: {_count(len(rows))}" + (f", {stale} stale" if stale else "")
    painter = CellPainter() if notebook.in_kernel else LinePainter()
    painter.show(transcript_bundle(title, exchanges), {})


def _about(row: TurnRow) -> str:
    """Say what is to be known of a turn, in one line."""
    pieces = [f"turn {row.turn}"]
    if row.stale:
        pieces.append("stale: asked after something else; run its cell again")
    if row.state == "gone":
        pieces.append("its answer was purged, so it is not sent")
    if row.state == "partial":
        pieces.append("not finished")
    if row.private:
        pieces.append("private: in memory only")
    if row.model:
        pieces.append(row.model)
    if row.tokens is not None:
        pieces.append(f"{row.tokens:,} tokens")
    if row.cost is not None:
        pieces.append(usd(row.cost))
    return " · ".join(pieces)


def _drop(notebook: Notebook, words: Sequence[str], last: int | None) -> None:
    if not words:
        raise OptionError("Which thread?", hint="%nebius threads drop NAME [TURN …]")
    dropped = default_session().drop_turns(words[0], _numbers(words[1:]), last=last)
    say(notebook, f"dropped {_count(dropped)} of {words[0]}; answers stay kept")


def _numbers(words: Sequence[str]) -> list[int]:
    numbers: list[int] = []
    for word in words:
        found = TURNS.fullmatch(word)
        first, end = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < first <= end:
            raise OptionError(f"{word[:40]!r} is no turn", hint="as 3, or 1-4")
        numbers += range(first, end + 1)
    return numbers


def _undo(notebook: Notebook, words: Sequence[str]) -> None:
    name = _only(words, OWN)
    default_session().drop_turns(name, last=1)
    say(notebook, f"took the last turn of {name} back; its answer stays kept")


def _export(notebook: Notebook, words: Sequence[str]) -> None:
    if len(words) != 2:  # noqa: PLR2004 - a name and a file
        raise OptionError(
            "%nebius threads export takes a thread and a file",
            hint="as %nebius threads export main talk.json, or talk.md",
        )
    session = default_session()
    there = len(session.existing(words[0]))
    written = session.export_thread(words[0], words[1])
    left = f"; {there - written} private or purged left out" if there > written else ""
    say(notebook, f"wrote {_count(written)} of {words[0]} into {words[1]}{left}")


def _import(notebook: Notebook, words: Sequence[str]) -> None:
    if not 1 <= len(words) <= 2:  # noqa: PLR2004 - a file and a name
        raise OptionError(
            "%nebius threads import takes a file, and a name",
            hint="as %nebius threads import talk.json review",
        )
    name, count = default_session().import_thread(*words)
    say(notebook, f"thread {name} has {_count(count)}; %chat --thread {name} goes on with it")


def _only(words: Sequence[str], usual: str) -> str:
    if len(words) > 1:
        raise OptionError("One thread at a time", why=f"got {len(words)} words")
    return words[0] if words else usual


def _count(turns: int) -> str:
    return f"{turns} turn{'' if turns == 1 else 's'}"


FORMS: dict[str, Callable[[Notebook, Sequence[str]], None]] = {
    "undo": _undo,
    "export": _export,
    "import": _import,
}
