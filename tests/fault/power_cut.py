"""
What may be on a disk after a power cut, of what SQLite wrote to it.

A write is safe once its file was synced after it. Of the writes since then each may have come or
not, in any order, and each may have been torn where the disk's sectors end. A new file's name is
safe with its first sync; a deleted file may be there again unless the deletion was synced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from pathlib import Path

SECTORS = (512, 4096)


@dataclass(slots=True)
class Step:
    """One thing that SQLite did to a file."""

    name: str
    kind: str
    values: tuple[Any, ...]


@dataclass(slots=True)
class Recording:
    """All that was done to the files of a folder, in order."""

    steps: list[Step] = field(default_factory=list)

    def __call__(self, name: str, kind: str, *values: Any) -> None:
        if kind not in {"try", "lock"}:
            self.steps.append(Step(name, kind, values))

    @property
    def now(self) -> int:
        """How many steps there were by now."""
        return len(self.steps)

    def image(self, cut: int, dice: random.Random) -> dict[str, bytes]:
        """Give files as they may be found after a power cut before step `cut`."""
        files: dict[str, _File] = {}
        for step in self.steps[:cut]:
            here = files.setdefault(step.name, _File())
            if step.kind == "sync":
                here.sync()
            elif step.kind == "delete":
                here.delete(synced=bool(step.values[0]))
            elif step.kind == "open":
                here.there = True
            else:
                here.there = True
                here.pending.append(step)
        found = {name: one.after_the_cut(dice) for name, one in files.items()}
        return {name: data for name, data in found.items() if data is not None}


@dataclass(slots=True)
class _File:
    safe: bytearray | None = None
    there: bool = False
    pending: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        data = self.safe if self.safe is not None else bytearray()
        for step in self.pending:
            _apply(data, step)
        self.safe, self.pending = data, []

    def delete(self, *, synced: bool) -> None:
        self.pending, self.there = [], False
        if synced:
            self.safe = None

    def after_the_cut(self, dice: random.Random) -> bytes | None:
        if self.safe is None and not (self.there and dice.random() < 0.5):
            return None
        data = bytearray(self.safe or b"")
        sector, share = dice.choice(SECTORS), dice.choice((0.0, 0.3, 0.7, 1.0))
        came = [step for step in self.pending if dice.random() < share]
        dice.shuffle(came)
        for step in came:
            _apply(data, _torn(step, sector, dice))
        return bytes(data)


def _torn(step: Step, sector: int, dice: random.Random) -> Step:
    """Leave out the end or the beginning of a write, at a sector's border."""
    if step.kind != "write" or dice.random() < 0.5:
        return step
    offset, data = step.values
    borders = list(range(sector - offset % sector, len(data), sector))
    if not borders:
        return step
    at = dice.choice(borders)
    if dice.random() < 0.5:
        return Step(step.name, "write", (offset, data[:at]))
    return Step(step.name, "write", (offset + at, data[at:]))


def _apply(data: bytearray, step: Step) -> None:
    if step.kind == "truncate":
        size = step.values[0]
        del data[size:]
        data.extend(bytes(size - len(data)))
    else:
        offset, written = step.values
        data.extend(bytes(max(0, offset - len(data))))
        data[offset : offset + len(written)] = written


def write_image(image: dict[str, bytes], folder: Path) -> None:
    """Put files into a new folder."""
    folder.mkdir()
    for name, content in image.items():
        place = folder / name
        place.write_bytes(content)
        place.chmod(0o600)
