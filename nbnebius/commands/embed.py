"""``%embed`` and ``%%embed``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import PaidOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedOptions(PaidOptions):
    """A parsed embed line."""

    texts: str = ""
    dimensions: int | None = option(
        "--dimensions", kind="whole", metavar="N", help="shorter vectors, where the model can"
    )
    column: str | None = option("--column", metavar="NAME", help="a frame's column of texts")
    normalize: bool = option("--normalize", kind="switch", help="scale each vector to the length 1")
    by: str | None = option(
        "--by",
        metavar="UNIT",
        choices=("line", "paragraph", "cell"),
        help="how a cell's body is cut: line (default), paragraph or cell",
    )


EMBED = Command(
    name="embed",
    record=EmbedOptions,
    summary="Turn texts into vectors, as a DataFrame; what was embedded before is free.",
    usage=(
        '%embed [flags] "a text"',
        "%embed [flags] df.column   a Series, list or frame of texts",
        "%%embed [flags]   one text per line of the cell's body",
    ),
    examples=(
        '%embed "to be or not to be"',
        "%embed -o vectors reviews.text",
        "%%embed -o vectors --by paragraph\nA first paragraph.\n\nA second one.",
    ),
    text_field="texts",
    prose=False,
)
