"""``%batches``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import OutputOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchesOptions(OutputOptions):
    """A parsed batches line."""

    words: str = ""
    limit: int | None = option("--limit", kind="whole", metavar="N", help="only the newest so many")


BATCHES = Command(
    name="batches",
    record=BatchesOptions,
    summary="List batches; or look at one, wait for it, cancel it, read its results.",
    usage=(
        "%batches [flags]",
        "%batches [flags] ID             how far it is",
        "%batches [flags] ID wait|cancel|results",
    ),
    examples=(
        "%batches --limit 5",
        "mine = %batches",
        "%batches -o listed",
    ),
    text_field="words",
    has_cell=False,
)
