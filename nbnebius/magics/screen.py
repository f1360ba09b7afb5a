"""One place on the page (or the terminal's lines) that a magic paints, and repaints."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from nbnebius.events import (
    Event,
    Note,
    Progress,
    ReasoningDelta,
    Retrying,
    TextDelta,
    ToolCalled,
)
from nbnebius.rendering.answer import footer_html
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
            self._handle = DisplayHandle()
            self._handle.display(bundle, raw=True, metadata=metadata)
        else:
            self._handle.update(bundle, raw=True, metadata=metadata)


class LinePainter:
    """The same in a terminal: only a last text is written, as lines."""

    def show(self, bundle: dict[str, str], metadata: dict[str, Any]) -> None:  # noqa: ARG002 - a terminal keeps none
        """Write the plain text."""
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
        Show the answer's text as it grows; else only the line.
    quiet
        Show no line.
    form
        How the answer is shown at its end; see `Reply.show`.
    """

    def __init__(
        self, notebook: Notebook, what: str, *, streams: bool, quiet: bool, form: str = "md"
    ) -> None:
        self._notebook = notebook
        self._what = what
        self._quiet = quiet
        self._started = time.monotonic()
        self._painter: CellPainter | LinePainter = (
            CellPainter() if notebook.in_kernel else LinePainter()
        )
        self.view: StreamView | TerminalView | None = None
        if streams:
            self.view = (
                StreamView(self._painter, verbatim=form != "md")
                if notebook.in_kernel
                else TerminalView(_write if form in {"md", "text"} else _leave)
            )
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
                if self.view:
                    self.view.add(text)
            case ReasoningDelta(text):
                self._begun = True
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

    def tick(self) -> None:
        """Repaint what is due."""
        if self.view and self._begun:
            self._waiting = False
            self.view.tick()
            return
        now = time.monotonic()
        elapsed = now - self._started
        # Nothing is said of what takes less than a second; after that the line lives.
        if self._quiet or not self._notebook.in_kernel or now - self._shown_at < 0.5:  # noqa: PLR2004 - twice a second
            return
        if elapsed < 1 and not self._status.startswith("rate"):
            return
        self._shown_at = now
        self._waiting = True
        status = self._status or f"waiting for {self._what}"
        self._painter.show(line_bundle(f"{status} · {duration(elapsed)}"), {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Where a call failed before anything came, wipe the line that told of waiting."""
        if kind and self._waiting:
            self._painter.show({"text/plain": ""}, {})

    def finish_answer(self, reply: Reply, footer: str, note: str) -> None:
        """Paint the final answer, in the place where it grew."""
        assert self.view is not None
        metadata = dict(reply.metadata)
        if self._form != "md" and (self._notebook.in_kernel or self._form != "text"):
            self._painter.show(reply.bundle(footer, note, self._form), metadata)
            return
        # Only the first choice streams, and some models stream their answer as reasoning.
        streamed = reply.streams_whole and (self.view.text.strip() or not reply.text)
        if isinstance(self.view, TerminalView):
            if not streamed:
                self.view.add(reply.all_text if reply.text else "")
            self.view.finish(footer, note, metadata)
        elif streamed:
            self.view.finish(footer, note, metadata)
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


def _leave(_text: str) -> None:
    """Write nothing: what cannot be taken back waits until it is whole."""


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
