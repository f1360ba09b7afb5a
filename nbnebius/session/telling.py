"""What a session tells its user unasked: each thing once, as a `Note`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.events import Event, Note, Progress
from nbnebius.journal import Journal, tell_once

if TYPE_CHECKING:
    from nbnebius.settings import Endpoint

MEGABYTE = 2**20
WORTH_TELLING = 50 * MEGABYTE  # bytes; less is there before anyone reads of it


def at_first(endpoint: Endpoint, journal: Journal) -> list[Note]:
    """Give what is to be known of the address and the journal before anything is sent."""
    return [Note(text) for text in (endpoint.note, journal.writer.note) if text]


def where_kept(journal: Journal) -> Note | None:
    """Give the note that answers are kept, after the first billed call of this journal."""
    if not tell_once(journal, "where-kept"):
        return None
    return Note(
        f"answers are kept in {short(journal.path)}, so that none is bought twice; "
        "%nebius private on turns that off"
    )


def short(path: Path) -> str:
    """Show a path from the user's own folder on."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


def to_stderr(event: Event) -> None:
    """Tell notes and transfers of large files; a notebook's magics show events themselves."""
    if isinstance(event, Note):
        sys.stderr.write(f"nbnebius: {event.text}\n")
    elif isinstance(event, Progress) and event.what == "bytes" and event.total >= WORTH_TELLING:
        end = "\n" if event.done >= event.total else ""
        done, total = event.done // MEGABYTE, event.total // MEGABYTE
        sys.stderr.write(f"\r{done:,} of {total:,} MB{end}")
        sys.stderr.flush()
