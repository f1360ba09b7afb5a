"""The batches panel as widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from nbnebius.panels.batches.state import NEWEST, BatchesState
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import (
    AsCell,
    Chooser,
    Confirm,
    Pages,
    StatusLine,
    button,
    change,
    choice,
    field,
    row,
)
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.table import frame_bundle

if TYPE_CHECKING:
    from nbnebius.types.batches import Batch


class BatchesPanel(Panel):
    """The batches at the server."""

    state: BatchesState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._status = StatusLine(state)
        self._pages = Pages("batches")
        self._seen: tuple[object, ...] = ()
        self._when = widgets.Label()
        self._follow = widgets.ToggleButton(
            description="Follow",
            tooltip="Look every few seconds, until no batch is running",
            icon="refresh",
        )
        self._follow.observe(lambda told: state.follow(on=told["new"]), "value")
        self._chosen = Chooser("batch", state.choose)
        self._chosen.widget.layout.width = "auto"
        self._about = widgets.HTML()
        self._cancel = Confirm(
            "Cancel it",
            state.cancel,
            about="Cancel the batch; what was answered by then is kept, and billed",
            question=lambda: f"Cancel {state.chosen} for good?" if state.chosen else "",
        )
        return [
            row(
                choice("newest", NEWEST, state.limit, state.show),
                button("Refresh", state.read, about="Look at the batches again"),
                self._follow,
                self._when,
            ),
            self._pages.box,
            self._chosen.widget,
            self._about,
            *self._actions(),
            self._status.box,
            AsCell(state.to_cell).box,
        ]

    def _actions(self) -> list[widgets.Widget]:
        state = self.state

        out = field(
            "results in", state.out, lambda text: setattr(state, "out", text), about="The variable"
        )
        path = field(
            "file",
            state.path,
            lambda text: setattr(state, "path", text),
            about="Where a download goes",
            hint="a name of its own, in this folder",
        )
        return [
            row(out, button("Results", state.results, about="Read what it answered, as a frame")),
            row(path, button("Download", state.download, about="Write its output into a file")),
            self._cancel.box,
        ]

    def paint(self) -> None:
        """Bring the widgets up to date."""
        state = self.state
        self._status.paint()
        change(self._follow, "value", state.following)
        when = f"{state.active:,} running, looked at {state.looked}" if state.looked else ""
        change(self._when, "value", when)
        batch = state.batch
        seen = (state.looked, state.batches, state.chosen, state.status)
        if seen == self._seen:
            return
        self._seen = seen
        self._pages.show(state.table if state.batches else None)
        options = [(_label(one), one.id) for one in state.batches] or [("there is none", "")]
        self._chosen.offer(options, state.chosen)
        change(self._about, "value", _about(batch) if batch else "")
        change(self._cancel.button, "disabled", batch is None or batch.state != "active")
        if self._cancel.is_asking and (batch is None or batch.state != "active"):
            self._cancel.reset()

    def kept(self) -> dict[str, str]:
        """Give the table, without widgets."""
        table = self.state.table
        bundle = {"text/html": "", "text/plain": ""} if table is None else frame_bundle(table)
        told = f"looked at {self.state.looked}" if self.state.looked else ""
        return {
            "text/html": bundle["text/html"] + f"<div>{escape(told)}</div>",
            "text/plain": "\n".join([bundle["text/plain"], plain(told)]).strip(),
        }


def _label(batch: Batch) -> str:
    return " · ".join(filter(None, [batch.id, batch.status, batch.model]))


def _about(batch: Batch) -> str:
    facts = {
        "asks": batch.endpoint,
        "input": batch.input_file_id,
        "output": batch.output_file_id,
        "errors": batch.error_file_id,
        "refused": batch.error,
        **{str(name): value for name, value in (batch.metadata or {}).items()},
    }
    told = " · ".join(f"{name}: {value}" for name, value in facts.items() if value)
    return f'<div style="opacity:.75;overflow-wrap:anywhere">{escape(told)}</div>'


def open_panel() -> BatchesPanel:
    """Open it and look at the newest batches."""
    made = BatchesPanel("batches", BatchesState())
    made.state.read()
    return made
