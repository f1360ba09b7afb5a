"""A sweep: the same picture over the values of one or two parameters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from nbnebius.commands import IMAGE
from nbnebius.errors import OptionError
from nbnebius.panels.typed import read_typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbnebius.commands.image import ImageOptions
    from nbnebius.rendering.images import Thumb

SWEPT: Final = ("steps", "guidance", "seed", "width", "height", "model")
MOST: Final = 36  # pictures of a grid that can be looked at


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter and the values it takes; without a name, one place."""

    name: str = ""
    values: tuple[Any, ...] = (None,)

    @property
    def labels(self) -> list[str]:
        """What stands at each row or column."""
        return [f"{self.name} {value}" for value in self.values] if self.name else [""]


@dataclass(frozen=True, slots=True)
class Sweep:
    """
    What is drawn, over which values, and the pictures as they come.

    Attributes
    ----------
    asked
        What stays the same.
    across, down
        The columns and the rows.
    cells
        The previews, by row and column.
    """

    asked: ImageOptions
    across: Axis
    down: Axis
    cells: dict[tuple[int, int], Thumb] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many pictures it has."""
        return len(self.across.values) * len(self.down.values)

    def each(self) -> Iterator[tuple[tuple[int, int], ImageOptions]]:
        """Give every place with what is drawn there, one picture each."""
        for row, below in enumerate(self.down.values):
            for column, beside in enumerate(self.across.values):
                changes = {self.across.name: beside, self.down.name: below}
                changes.pop("", None)
                yield (row, column), replace(self.asked, n=None, **changes)

    def to_cell(self, fields: dict[str, Any]) -> str:
        """Write the cell that draws it; `fields` are the parameters that were named."""
        axes = [axis for axis in (self.down, self.across) if axis.name]
        names = [axis.name for axis in axes]
        fixed = "".join(f", {n}={v!r}" for n, v in fields.items() if n not in {"n", *names})
        swept = "".join(f", {name}={name}" for name in names)
        loops = "".join(f"    for {axis.name} in {list(axis.values)!r}\n" for axis in axes)
        key = names[0] if len(names) == 1 else f"({', '.join(names)})"
        prompt = repr(self.asked.prompt)
        return (
            "import nbnebius as neb\n\n"
            f"grid = {{\n    {key}: neb.image({prompt}{fixed}{swept}, cache=True)\n{loops}}}\n"
        )


def read_axis(name: str, typed: str) -> Axis:
    """
    Read a parameter and its values, with commas between them.

    Raises
    ------
    OptionError
        No values, the same one twice, or one that the parameter does not take.
    """
    if not name:
        return Axis()
    texts = [text.strip() for text in typed.split(",") if text.strip()]
    if not texts:
        raise OptionError(f"Which values should {name} take?", hint="as 4, 8, 16")
    values = tuple(read_typed(IMAGE, {name: text})[name] for text in texts)
    if len(set(values)) < len(values):
        raise OptionError(f"{name} takes the same value twice", hint="name each value once")
    return Axis(name, values)
