"""What a session tells its user unasked: each thing once, as a `Note`, and how far work is."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from nbnebius.events import Event, Interlude, Note, Progress
from nbnebius.journal import Journal, tell_once
from nbnebius.rendering.live_line import LiveLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.settings import Endpoint

MEGABYTE = 2**20
WORTH_TELLING = 50 * MEGABYTE  # bytes; less is there before anyone reads of it
QUIET = 1.0  # seconds of which nothing is told
PAUSE = 0.5  # seconds between two lines, at least
SLOWING = 0.2  # of the time that work has taken so far


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


class Teller:
    """
    Tells a script on stderr: notes, and, where somebody looks, how far long work is.

    A notebook's magics show events themselves.

    Parameters
    ----------
    clock
        Seconds of a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._shown_at = 0.0
        self._line = LiveLine(lambda: sys.stderr)

    def __call__(self, event: Event) -> None:
        """Take in an event."""
        if isinstance(event, Interlude):
            self.end()
        elif isinstance(event, Note):
            self.end()
            sys.stderr.write(f"nbnebius: {event.text}\n")
        elif isinstance(event, Progress):
            if event.what != "bytes":
                self._tell_progress(event)
            elif event.total >= WORTH_TELLING:
                _tell_transfer(event)

    def end(self) -> None:
        """Wipe the line of work that is over."""
        self._began = None
        self._line.wipe()

    def _tell_progress(self, event: Progress) -> None:
        from nbnebius.rendering.progress import progress_line

        now = self._clock()
        if self._began is None:
            self._began = now
        seconds = now - self._began
        pause = PAUSE
        if not sys.stderr.isatty():
            # A kernel's: each line is kept in the notebook, so that there must not be hundreds.
            pause = max(PAUSE, seconds * SLOWING)
        if seconds < QUIET or now - self._shown_at < pause or not _is_watched(sys.stderr):
            return
        self._shown_at = now
        self._line.show(progress_line(event, seconds))


def _is_watched(stream: TextIO) -> bool:
    """Tell whether it is a terminal or a kernel's, rather than a file."""
    return stream.isatty() or type(stream).__module__.startswith("ipykernel.")


def _tell_transfer(event: Progress) -> None:
    end = "\n" if event.done >= event.total else ""
    done, total = event.done // MEGABYTE, event.total // MEGABYTE
    sys.stderr.write(f"\r{done:,} of {total:,} MB{end}")
    sys.stderr.flush()
