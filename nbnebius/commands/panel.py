"""``%panel``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import OutputOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelOptions(OutputOptions):
    """A parsed panel line."""

    name: str = ""
    frame: str | None = option(
        "--frame", metavar="NAME", help="the variable with the frame to begin with"
    )


PANEL = Command(
    name="panel",
    record=PanelOptions,
    summary="Open a panel: the same power by hand, and back to code.",
    usage=("%panel NAME [flags]",),
    examples=(
        "%panel chat",
        "spending = %panel usage",
        "%panel usage -o spending",
    ),
    text_field="name",
    notes=(
        "A panel's work goes on in the background: the kernel stays free. What it shows stays in "
        "the saved notebook as text. As cell writes the cell that does the same."
    ),
    has_cell=False,
    prose=False,
)
