"""One place on the page (or the terminal's lines) that a magic paints, and repaints."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from nbnebius.events import (
    Event,
    Interlude,
    Note,
    Progress,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCalled,
)
from nbnebius.rendering.answer import footer_html
from nbnebius.rendering.live_line import LiveLine
from nbnebius.rendering.progress import duration, progress_line
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.stream import StreamView, TerminalView

if TYPE_CHECKING:
    from typing import Self

    from nbnebius.magics.magic import Notebook
    from nbnebius.results import Reply


class CellPainter:
    """Shows bundles in one output of the cell: the first call displays, later ones replace it."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, bundle: dict[str, str], metadata: dict[str, Any]) -> None:
        """Show a bundle in place of the one before it."""
        from IPython.display import DisplayHandle

        if self._handle is None:
            handle = DisplayHandle()
            handle.display(bundle, raw=True, metadata=metadata)
            # Not before: an interrupt may come between, and what is not there cannot be replaced.
            self._handle = handle
        else:
            self._handle.update(bundle, raw=True, metadata=metadata)

    def progress(self, text: str) -> None:
        """Show how far the work is."""
        self.show(line_bundle(text), {})

    def wipe(self) -> None:
        """Leave nothing of it."""
        self.show({"text/plain": ""}, {})


class LinePainter:
    """The same in a terminal: one line that lives, and at the end the text, as lines."""

    def __init__(self) -> None:
        self._line = LiveLine(lambda: sys.stdout)

    def progress(self, text: str) -> None:
        """Show how far the work is, where somebody looks."""
        if sys.stdout.isatty():
            self._line.show(text)

    def wipe(self) -> None:
        """Leave nothing of it."""
        self._line.wipe()

    def show(self, bundle: dict[str, str], metadata: dict[str, Any]) -> None:  # noqa: ARG002 - a terminal keeps none
        """Write the plain text."""
        self.wipe()
        sys.stdout.write(bundle["text/plain"] + "\n")


def line_bundle(text: str) -> dict[str, str]:
    """Give one discreet line."""
    return {"text/html": footer_html(text), "text/plain": plain(text)}


def say(notebook: Notebook, text: str, metadata: dict[str, Any] | None = None) -> None:
    """Show one discreet line, in an output of its own."""
    painter = CellPainter() if notebook.in_kernel else LinePainter()
    painter.show(line_bundle(text), metadata or {})


def show_text(notebook: Notebook, text: str) -> None:
    """Show a text as it is, with its line breaks."""
    if not notebook.in_kernel:
        sys.stdout.write(plain(text) + "\n")
        return
    style = "font-family:monospace;white-space:pre-wrap"
    page = f'<pre style="{style}">{escape(text)}</pre>'
    CellPainter().show({"text/html": page, "text/plain": plain(text)}, {})


def show_rows(notebook: Notebook, rows: list[tuple[str, str]]) -> None:
    """Show names and values, a row each."""
    width = max(len(name) for name, _ in rows)
    text = "\n".join(f"{name:<{width}}  {plain(value)}" for name, value in rows)
    body = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in rows
    )
    painter = CellPainter() if notebook.in_kernel else LinePainter()
    painter.show({"text/html": f"<table>{body}</table>", "text/plain": text}, {})


class Screen:
    """
    What a running call shows: the growing answer, or a line that tells how far it is.

    Parameters
    ----------
    notebook
        Where it is shown.
    streams
        Show the answer; else only the line.
    quiet
        Show no line.
    whole
        The answer is more than its text: a table, say. A terminal, where what is written stays,
        shows such a one at its end.
    form
        How the answer is shown at its end; see `Reply.show`.
    """

    def __init__(
        self,
        notebook: Notebook,
        what: str,
        *,
        streams: bool,
        quiet: bool,
        whole: bool = False,
        form: str = "md",
    ) -> None:
        self._notebook = notebook
        self._what = what
        self._quiet = quiet
        self._started = time.monotonic()
        self._painter: CellPainter | LinePainter = (
            CellPainter() if notebook.in_kernel else LinePainter()
        )
        self.streams = streams
        self.view: StreamView | TerminalView | None = None
        if streams and notebook.in_kernel:
            self.view = StreamView(self._painter, verbatim=form != "md")
        elif streams and not whole and form in {"md", "text"}:
            self.view = TerminalView(_write)
        self._form = form
        self._status = ""
        self._shown_at = 0.0
        self._begun = False
        self._waiting = False  # the painter shows nothing but the line that tells of waiting
        self.notes: list[str] = []

    def see(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case TextDelta(text):
                self._begun = True
                self._status = ""
                if self.view:
                    self.view.add(text)
            case ReasoningDelta(text):
                # A page shows it as it grows, a terminal its length at the end.
                self._begun = self._begun or self._notebook.in_kernel
                self._status = "reasoning"
                if self.view:
                    self.view.add_reasoning(text)
            case Retrying(reason, seconds):
                self._status = f"{reason}: trying again in {seconds:.0f} s"
                self._shown_at = 0.0
            case Progress():
                self._status = progress_line(event, time.monotonic() - self._started)
            case ToolCalled(name, _, _, error):
                self._status = f"{name} was called{', and failed' if error else ''}"
            case Note(text):
                self.notes.append(text)
            case Interlude() if not self._notebook.in_kernel:
                self._painter.wipe()

    def tick(self) -> None:
        """Repaint what is due."""
        if self.view and self._begun:
            self._waiting = False
            if isinstance(self._painter, LinePainter):
                self._painter.wipe()
            self.view.tick()
            return
        now = time.monotonic()
        elapsed = now - self._started
        # Nothing is said of what takes less than a second; after that the line lives.
        if self._quiet or now - self._shown_at < 0.5:  # noqa: PLR2004 - twice a second
            return
        if elapsed < 1 and not self._status.startswith("rate"):
            return
        self._shown_at = now
        self._waiting = True
        status = self._status or f"waiting for {self._what}"
        self._painter.progress(f"{status} · {duration(elapsed)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Where a call failed before anything came, wipe the line that told of waiting."""
        if kind and self._waiting:
            self._painter.wipe()

    def finish_answer(self, reply: Reply, footer: str, note: str) -> None:
        """Paint the final answer, in the place where it grew."""
        metadata = dict(reply.metadata)
        view = self.view
        if self._form != "md" and not isinstance(view, TerminalView):
            self._painter.show(reply.bundle(footer, note, self._form), metadata)
            return
        # Only the first choice streams, and some models stream their answer as reasoning.
        streamed = view and reply.streams_whole and (view.text.strip() or not reply.text)
        if isinstance(view, TerminalView):
            self._painter.wipe()
            if not streamed:
                view.add(reply.all_text)
            view.finish(footer, note, metadata)
        elif view and streamed:
            view.finish(footer, note, metadata)
        else:
            self._painter.show(reply.bundle(footer, note), metadata)

    def show_result(self, value: Any) -> None:
        """Show a result in the place of the status."""
        bundle, metadata = value._repr_mimebundle_()
        self._waiting = False
        self._painter.show(bundle, metadata)

    def finish_line(self, text: str, metadata: dict[str, Any] | None = None) -> None:
        """Leave one line in the place of the status."""
        self._waiting = False
        if not self._quiet:
            self._painter.show(line_bundle(text), metadata or {})

    def show_notes(self) -> None:
        """Show what the user should know once."""
        for note in self.notes:
            say(self._notebook, note)
        self.notes.clear()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
