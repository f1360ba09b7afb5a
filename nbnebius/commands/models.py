"""``%models``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import OutputOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsOptions(OutputOptions):
    """A parsed models line."""

    text: str = ""
    search: str | None = option(
        "--search", metavar="TEXT", help="words of an id or a name, in any case"
    )
    source: str | None = option(
        "--source",
        metavar="CATALOG",
        choices=("nebius", "nebius_custom", "open_webui", "nebula_block", "all"),
        help="whose models: nebius (default), nebius_custom, open_webui, nebula_block or all",
    )
    type: str | None = option(
        "--type",
        metavar="TYPE",
        choices=("chat", "vision", "embedding", "image", "completion", "other"),
        help="only models of this type",
    )
    sort: str | None = option(
        "--sort",
        metavar="COLUMN",
        help="sort by a column, as price_out; -context: the largest first",
    )
    max_price: float | None = option(
        "--max-price", kind="number", metavar="USD", help="at most this per million output tokens"
    )
    context: int | None = option(
        "--context", kind="whole", metavar="TOKENS", help="at least this much context"
    )
    base_url: str | None = option(
        "--base-url", metavar="URL", help="where Open WebUI or Nebula Block is"
    )
    query: str | None = option("--query", metavar="TEXT", help="Open WebUI: name or owner")
    view_option: str | None = option(
        "--view-option",
        metavar="WHOSE",
        choices=("created", "shared"),
        help="Open WebUI: created by you, or shared with you",
    )
    tag: str | None = option("--tag", metavar="TAG", help="Open WebUI: with a tag")
    order_by: str | None = option(
        "--order-by",
        metavar="FIELD",
        choices=("name", "created_at", "updated_at"),
        help="Open WebUI: name, created_at or updated_at",
    )
    direction: str | None = option(
        "--direction", metavar="WAY", choices=("asc", "desc"), help="Open WebUI: asc or desc"
    )
    page: int | None = option(
        "--page", kind="whole", metavar="N", help="Open WebUI: one page of 30; all if left out"
    )


MODELS = Command(
    name="models",
    record=ModelsOptions,
    summary="List the service's models with type, context and price (USD per million tokens).",
    usage=("%models [flags] [part of a name]",),
    examples=(
        "%models --source all --type vision",
        "%models --type chat --sort price_out",
        "cheap = %models --max-price 0.5 llama",
    ),
    text_field="text",
    prose=False,
    has_cell=False,
)
