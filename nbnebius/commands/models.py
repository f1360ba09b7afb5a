"""``%models``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import OutputOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsOptions(OutputOptions):
    """A parsed models line."""

    search: str = ""
    type: str | None = option(
        "--type",
        metavar="TYPE",
        choices=("chat", "vision", "embedding", "image", "completion", "other"),
        help="only models of this type",
    )
    sort: str | None = option(
        "--sort", metavar="COLUMN", help="sort by a column, as price_out or context"
    )
    max_price: float | None = option(
        "--max-price", kind="number", metavar="USD", help="at most this per million output tokens"
    )
    context: int | None = option(
        "--context", kind="whole", metavar="TOKENS", help="at least this much context"
    )


MODELS = Command(
    name="models",
    record=ModelsOptions,
    summary="List the service's models with type, context and price (USD per million tokens).",
    usage=("%models [flags] [part of a name]",),
    examples=(
        "%models",
        "%models --type chat --sort price_out",
        "cheap = %models --max-price 0.5 llama",
    ),
    text_field="search",
    prose=False,
    has_cell=False,
)
