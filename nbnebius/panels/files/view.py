"""The files panel as widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from nbnebius.panels.files.state import LISTED, UPLOADED, FilesState, size
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import (
    LABEL,
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
from nbnebius.rendering.table import frame_bundle

if TYPE_CHECKING:
    from nbnebius.types.files import File


class FilesPanel(Panel):
    """The files at the server."""

    state: FilesState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._status = StatusLine(state)
        self._pages = Pages("files")
        self._seen: tuple[object, ...] | None = None
        self._listed = Chooser("list", state.show)
        self._listed.offer([(name, name) for name in LISTED], state.listed)
        self._chosen = Chooser("file", state.choose)
        self._chosen.widget.layout.width = "auto"
        self._delete = Confirm(
            "Delete",
            state.delete,
            about="Delete the file at the server",
            question=lambda: f"Delete {_name(state.file)} for good?" if state.file else "",
        )
        path = field(
            "save as",
            state.path,
            lambda text: setattr(state, "path", text),
            about="Where a download goes",
            hint="its own name, in this folder",
        )
        return [
            row(
                self._listed.widget,
                button("Refresh", state.read, about="List the files again"),
            ),
            self._pages.box,
            self._chosen.widget,
            row(path, button("Download", state.download, about="Write it into a file")),
            self._delete.box,
            *self._upload_parts(),
            self._status.box,
            AsCell(state.to_cell).box,
        ]

    def _upload_parts(self) -> list[widgets.Widget]:
        state = self.state
        self._picker = widgets.FileUpload(
            description="Upload a file",
            tooltip="Choose a file of at most 8 MB on this computer; more does not come through",
            multiple=False,
        )
        self._picker.layout.width = "auto"
        self._picker.observe(self._picked, "value")
        self._path = widgets.Text(
            description="or a path",
            placeholder="data/requests.jsonl",
            tooltip="A file of any size that the kernel can read",
            style=LABEL,
        )
        return [
            row(
                choice(
                    "upload for",
                    UPLOADED,
                    state.purpose,
                    lambda word: setattr(state, "purpose", word),
                ),
                self._picker,
                widgets.Label("up to 8 MB; a larger one by its path"),
            ),
            row(
                self._path,
                button(
                    "Upload the path",
                    lambda: state.upload_path(self._path.value),
                    about="Upload the file at the path",
                ),
            ),
        ]

    def _picked(self, told: dict[str, Any]) -> None:
        for one in told["new"]:
            self.state.upload(str(one["name"]), one["content"])
        if told["new"]:
            self._picker.value = ()

    def paint(self) -> None:
        """Bring the widgets up to date."""
        state = self.state
        self._status.paint()
        change(self._picker, "disabled", state.busy)
        seen = (state.files, state.chosen, state.listed)
        if seen == self._seen:
            return
        if self._seen is not None and self._seen[1] != state.chosen:
            self._delete.reset()
        self._seen = seen
        self._pages.show(state.table if state.files else None)
        self._listed.offer([(name, name) for name in LISTED], state.listed)
        options = [(_label(one), one.id) for one in state.files or ()] or [("there is none", "")]
        self._chosen.offer(options, state.chosen)
        change(self._delete.button, "disabled", state.file is None)

    def kept(self) -> dict[str, str]:
        """Give the table, without widgets."""
        table = self.state.table
        return {"text/html": "", "text/plain": ""} if table is None else frame_bundle(table)


def _name(file: File | None) -> str:
    return "" if file is None else file.filename or file.id


def _label(file: File) -> str:
    return " · ".join(filter(None, [_name(file), file.purpose, size(file.bytes), file.id]))


def open_panel() -> FilesPanel:
    """Open it and list the files."""
    made = FilesPanel("files", FilesState())
    made.state.read()
    return made
