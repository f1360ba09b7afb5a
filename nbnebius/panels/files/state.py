"""The files panel as plain Python."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbnebius.errors import OptionError
from nbnebius.frames.files import PURPOSES, files_frame
from nbnebius.panels.saving import new_path
from nbnebius.panels.state import State
from nbnebius.session import default_session

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.session import Caller
    from nbnebius.types.files import File

LISTED: Final = ("all", *PURPOSES)
UPLOADED: Final = ("batch", "fine-tune")
SHOWN: Final = ("filename", "purpose", "size", "created", "id")


class FilesState(State):
    """
    The files at the server, one of them chosen.

    Attributes
    ----------
    listed
        Of which purpose they are: one of `LISTED`.
    purpose
        What an upload is for: one of `UPLOADED`.
    files
        As the server told them last; None before.
    chosen
        The id of the one that can be downloaded and deleted.
    path
        Where a download goes; "" is the file's own name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listed: str = LISTED[0]
        self.purpose: str = UPLOADED[0]
        self.files: tuple[File, ...] | None = None
        self.chosen = ""
        self.path = ""

    @property
    def file(self) -> File | None:
        """The one that is chosen."""
        return next((one for one in self.files or () if one.id == self.chosen), None)

    @property
    def table(self) -> pd.DataFrame | None:
        """What people read of them; None before they were read."""
        if self.files is None:
            return None
        frame = files_frame(self.files)
        frame["size"] = [size(one.bytes) for one in self.files]
        frame["created"] = frame["created"].dt.strftime("%d %b %H:%M")
        return frame[list(SHOWN)]

    def read(self) -> None:
        """List them anew."""
        self.renew("reading the list of files", self._look)

    def show(self, purpose: str) -> None:
        """List those of another purpose."""
        self.listed = purpose
        self.read()

    def choose(self, file_id: str) -> None:
        """Choose one."""
        self.chosen = file_id
        self.changed()

    def _look(self, caller: Caller, chosen: str = "") -> None:
        purpose = None if self.listed == LISTED[0] else self.listed
        found = default_session().files(purpose, caller=caller)
        with self.lock:
            self.files = tuple(one for one in found if one.id)
            self.chosen = chosen or self.chosen
            if self.file is None:
                self.chosen = self.files[0].id if self.files else ""

    def upload(self, name: str, content: bytes | memoryview) -> None:
        """Upload what the file picker gave."""

        def work(caller: Caller) -> None:
            last = Path(name.replace("\\", "/")).name or "upload"
            with tempfile.TemporaryDirectory(prefix="nbnebius-") as folder:
                place = Path(folder) / last
                place.write_bytes(content)
                self._send(place, caller)

        self.start("uploading", work)

    def upload_path(self, path: str) -> None:
        """Upload a file of any size that the kernel can read."""

        def work(caller: Caller) -> None:
            if not path.strip():
                raise OptionError("No path is given", hint="as data/requests.jsonl")
            self._send(Path(path.strip()), caller)

        self.start("uploading", work)

    def _send(self, path: Path, caller: Caller) -> None:
        made = default_session().upload(path, self.purpose, caller=caller)
        if self.listed not in {LISTED[0], self.purpose}:
            self.listed = LISTED[0]
        self._look(caller, made.id)
        self.status = f"uploaded {made.filename or path.name} as {made.id}"

    def download(self) -> None:
        """Write the chosen one into the notebook's folder, over nothing that is there."""

        def work(caller: Caller) -> None:
            file = self._need()
            path = new_path(self.path, file.filename or file.id)
            default_session().download(file.id, path, caller=caller)
            self.status = f"saved as {path}"

        self.start("downloading", work)

    def delete(self) -> None:
        """Delete the chosen one at the server."""

        def work(caller: Caller) -> None:
            file = self._need()
            default_session().delete_file(file.id, caller=caller)
            self._look(caller)
            self.status = f"deleted {file.filename or file.id}"

        self.start("deleting", work)

    def _need(self) -> File:
        if self.file is None:
            raise OptionError("There is no file", hint="upload one")
        return self.file

    def to_cell(self) -> str:
        """Write the cell that lists the same."""
        return "%nebius files" + ("" if self.listed == LISTED[0] else f" {self.listed}") + "\n"


def size(count: int | None) -> str:
    """
    Write a number of bytes for people.

    Examples
    --------
    >>> size(12), size(12_345), size(3_000_000), size(None)
    ('12 B', '12.3 kB', '3.0 MB', '')
    """
    if not isinstance(count, int):
        return ""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":  # noqa: PLR2004 - SI units
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
